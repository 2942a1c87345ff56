// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {IOracle} from "../interfaces/IOracle.sol";
import {Price} from "../types/Price.sol";

/// @title ScriptedOracle
/// @notice An oracle that says whatever it is told, to every question. Without immutables, so that its code can be put in
/// the place of another oracle's.
contract ScriptedOracle is IOracle {
    Price private _price;

    /// @notice Tells the price.
    /// @param price What the oracle answers from now on.
    function tell(Price calldata price) external {
        _price = price;
    }

    /// @inheritdoc IOracle
    function verify(bytes calldata) external payable returns (Price memory price) {
        return _price;
    }

    /// @inheritdoc IOracle
    function spot(bytes calldata) external payable returns (Price memory price) {
        return _price;
    }

    /// @inheritdoc IOracle
    function latest() external view returns (uint256 price, uint64 observedAt) {
        return (_price.value, _price.observedAt);
    }

    /// @inheritdoc IOracle
    function upSince() external view returns (uint64 time) {
        return _price.upSince;
    }

    /// @inheritdoc IOracle
    function hadNoPrice(uint64, uint64, bytes calldata) external pure returns (bool absent) {
        return false;
    }

    /// @inheritdoc IOracle
    function minInitialMarginRatio() external pure returns (uint256 ratio) {
        return 0.04e18;
    }

    /// @inheritdoc IOracle
    function deviationThreshold() external pure returns (uint256 ratio) {
        return 0.006e18;
    }
}
