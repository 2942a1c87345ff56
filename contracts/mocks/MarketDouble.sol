// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {MarketAddresses} from "../interfaces/IMarketFactory.sol";
import {BatchKind, ITrade, TradeRequest} from "../interfaces/ITrade.sol";
import {MarketParameters} from "../types/MarketParameters.sol";
import {Price} from "../types/Price.sol";

/// @title MarketDouble
/// @notice Everything that a MarginVault calls, in one: factory, oracle, pool, order book and a token that never fails.
contract MarketDouble {
    uint256 private constant _CASH = 1e36;

    uint8 public immutable decimals;

    MarketParameters private _parameters;
    Price private _price;

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    /// @notice Creates the vault from its creation code.
    function create(MarketParameters calldata parameters, bytes calldata code) external returns (address vault) {
        _parameters = parameters;
        _parameters.collateralToken = address(this);
        _parameters.oracle = address(this);
        return Create2.deploy(0, bytes32(0), code);
    }

    /// @notice Sets what the oracle answers.
    function setPrice(Price calldata price) external {
        _price = price;
    }

    /// @notice Executes one order at the oracle's price, as the order book does.
    function fill(ITrade vault, TradeRequest calldata request) external {
        vault.beginBatch("", BatchKind.Spot);
        vault.trade(request);
        vault.endBatch(address(this), 0);
    }

    /* ORACLE */

    function spot(bytes calldata) external payable returns (Price memory) {
        return _price;
    }

    /* FACTORY */

    function deployment() external view returns (MarketParameters memory parameters, MarketAddresses memory addresses) {
        return (
            _parameters,
            MarketAddresses(address(this), address(this), address(this), address(this), address(this))
        );
    }

    /* CONSTANTS: A POOL WITH ALL THE CASH, A TOKEN THAT NEVER FAILS */

    function lockReserve(uint256) external pure returns (uint256 cash, uint256 reserved) {
        return (_CASH, 0);
    }

    function releaseReserve(
        uint256,
        uint256,
        address
    ) external pure returns (uint256 cash, uint256 reserved, bool delivered) {
        return (_CASH, 0, true);
    }

    function transfer(address, uint256) external pure returns (bool) {
        return true;
    }

    function minInitialMarginRatio() external pure returns (uint256) {
        return 0;
    }
}
