// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {IMarginVault} from "../interfaces/IMarginVault.sol";
import {MarketAddresses} from "../interfaces/IMarketFactory.sol";
import {BatchKind, TradeRequest} from "../interfaces/ITrade.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {MarketParameters} from "../types/MarketParameters.sol";
import {Price} from "../types/Price.sol";
import {ProofKind} from "../types/ProofKind.sol";

/// @title PoolHarness
/// @notice Factory, oracle and order book of one market, scripted, around a real MarginVault and LiquidityVault: so
/// that a test names prices and fills, and nothing else comes in between.
contract PoolHarness {
    MarketParameters private _parameters;
    MarketAddresses private _addresses;

    uint256 public price;
    uint64 public upSince;
    /// @dev What a spot price costs [wei].
    uint256 public verificationFee;
    bool public down;

    error OracleDown();
    error FeeNotPaid(uint256 paid, uint256 fee);

    constructor(MarketParameters memory parameters) {
        _parameters = parameters;
        _parameters.oracle = address(this);
    }

    function setPrice(uint256 price_) external {
        price = price_;
    }

    function setUpSince(uint64 time) external {
        upSince = time;
    }

    function setVerificationFee(uint256 fee) external {
        verificationFee = fee;
    }

    function setDown(bool down_) external {
        down = down_;
    }

    /// @dev Creates both vaults; each is told the other's address before it exists.
    function create(bytes calldata marginVaultCode, bytes calldata liquidityVaultCode) external {
        _addresses = MarketAddresses({
            marginVault: Create2.computeAddress(0, keccak256(marginVaultCode)),
            liquidityVault: Create2.computeAddress(0, keccak256(liquidityVaultCode)),
            orderBook: address(this),
            charter: address(this),
            mandateBook: address(this)
        });
        Create2.deploy(0, 0, marginVaultCode);
        Create2.deploy(0, 0, liquidityVaultCode);
    }

    /// @dev Fills at the present price; margin is pulled from the caller.
    function trade(TradeRequest calldata request) external {
        IMarginVault vault = IMarginVault(_addresses.marginVault);
        uint256 scale = TokenScale.scaleOf(_decimals());
        vault.escrow(msg.sender, request.margin / scale, 0);
        vault.beginBatch("", BatchKind.Spot);
        vault.trade(request);
        vault.endBatch(msg.sender, 0);
    }

    function spot(bytes calldata) external payable returns (Price memory) {
        require(!down, OracleDown());
        require(msg.value >= verificationFee, FeeNotPaid(msg.value, verificationFee));
        if (msg.value > verificationFee) Address.sendValue(payable(msg.sender), msg.value - verificationFee);
        uint64 time = uint64(block.timestamp);
        return
            Price({
                value: price,
                validFrom: time,
                observedAt: time,
                validUntil: time,
                upSince: upSince,
                closingOnly: false,
                kind: ProofKind.Round
            });
    }

    function latest() external view returns (uint256, uint64) {
        require(!down, OracleDown());
        return (price, uint64(block.timestamp));
    }

    function deployment() external view returns (MarketParameters memory, MarketAddresses memory) {
        return (_parameters, _addresses);
    }

    function addresses() external view returns (MarketAddresses memory) {
        return _addresses;
    }

    function minInitialMarginRatio() external pure returns (uint256) {
        return 0.01e18;
    }

    function _decimals() private view returns (uint8 decimals) {
        (, bytes memory result) = _parameters.collateralToken.staticcall(abi.encodeWithSignature("decimals()"));
        decimals = abi.decode(result, (uint8));
    }
}
