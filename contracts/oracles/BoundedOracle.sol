// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {IBoundedOracle} from "../interfaces/IBoundedOracle.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {ParameterBounds} from "../libraries/ParameterBounds.sol";
import {WadMath} from "../libraries/WadMath.sol";
import {Price} from "../types/Price.sol";

/// @title BoundedOracle
/// @notice The price of one oracle, held against that of another.
contract BoundedOracle is IBoundedOracle {
    using WadMath for uint256;

    /// @dev What the reference may spend; a composite of push feeds behind a sequencer feed takes a third [gas].
    uint256 private constant _REFERENCE_GAS = 300_000;
    /// @dev What must be left so that 63 of 64 parts are more than that [gas].
    uint256 private constant _REFERENCE_GAS_NEEDED = 310_000;

    /// @inheritdoc IBoundedOracle
    address public immutable primaryOracle;
    /// @inheritdoc IBoundedOracle
    address public immutable referenceOracle;
    /// @inheritdoc IBoundedOracle
    uint256 public immutable maxDeviation;

    constructor(address primary_, address reference_, uint256 maxDeviation_) {
        require(primary_ != address(0) && reference_ != address(0), ZeroAddress());
        // Within the reference's own threshold a calm market would stand still.
        ParameterBounds.check("maxDeviation", maxDeviation_, IOracle(reference_).deviationThreshold(), 0.2e18);
        (primaryOracle, referenceOracle, maxDeviation) = (primary_, reference_, maxDeviation_);
    }

    /// @notice Takes back ether that the primary did not need.
    receive() external payable {
        require(msg.sender == primaryOracle, NotAuthorized(msg.sender));
    }

    /// @inheritdoc IOracle
    function verify(bytes calldata proof) external payable returns (Price memory price) {
        price = IOracle(primaryOracle).verify{value: msg.value}(proof);
        _bound(price);
        _returnEther();
    }

    /// @inheritdoc IOracle
    function spot(bytes calldata proof) external payable returns (Price memory price) {
        price = IOracle(primaryOracle).spot{value: msg.value}(proof);
        _bound(price);
        _returnEther();
    }

    /// @inheritdoc IOracle
    function latest() external view returns (uint256 price, uint64 observedAt) {
        try IOracle(referenceOracle).latest() returns (uint256 value, uint64 time) {
            return (value, time);
        } catch {
            return IOracle(primaryOracle).latest();
        }
    }

    /// @inheritdoc IOracle
    function hadNoPrice(uint64 from, uint64 until, bytes calldata proof) external view returns (bool absent) {
        return IOracle(primaryOracle).hadNoPrice(from, until, proof);
    }

    /// @inheritdoc IOracle
    function upSince() external view returns (uint64 time) {
        return IOracle(primaryOracle).upSince();
    }

    /// @inheritdoc IOracle
    function minInitialMarginRatio() external view returns (uint256 ratio) {
        return IOracle(primaryOracle).minInitialMarginRatio();
    }

    /// @inheritdoc IOracle
    function deviationThreshold() external view returns (uint256 ratio) {
        return IOracle(primaryOracle).deviationThreshold();
    }

    function _returnEther() private {
        uint256 left = address(this).balance;
        if (left == 0) return;
        (bool returned, ) = msg.sender.call{value: left}("");
        require(returned, EtherNotAccepted(msg.sender, left));
    }

    function _bound(Price memory price) private view {
        (bool readable, uint256 value) = _readReference();
        if (!readable) {
            price.closingOnly = true;
            return;
        }
        uint256 gap = price.value > value ? price.value - value : value - price.value;
        require(gap <= value.mulWadDown(maxDeviation), PriceBeyondReference(price.value, value, maxDeviation));
    }

    /// @dev Gas is checked first: a caller who could starve the reading could do away with the bound.
    function _readReference() private view returns (bool readable, uint256 value) {
        uint256 gasLeft = gasleft();
        require(gasLeft > _REFERENCE_GAS_NEEDED, InsufficientReferenceGas(gasLeft, _REFERENCE_GAS_NEEDED));
        try IOracle(referenceOracle).latest{gas: _REFERENCE_GAS}() returns (uint256 price, uint64) {
            return (true, price);
        } catch {
            return (false, 0);
        }
    }
}
