// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPoolLink} from "../interfaces/IPoolLink.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {Market, SETTLED} from "../types/Market.sol";
import {Price} from "../types/Price.sol";
import {VaultCore} from "./VaultCore.sol";

/// @title PoolModule
/// @notice What the vault does for its pool: quotes what traders are owed, hands over what they lost, stores rates.
abstract contract PoolModule is VaultCore {
    /// @inheritdoc IPoolLink
    function lock() external onlyPool {
        _lock();
    }

    /// @inheritdoc IPoolLink
    function unlock() external onlyPool {
        _locked = 0;
    }

    /// @inheritdoc IPoolLink
    function beginFulfilment(
        bytes calldata proof,
        uint64 settleGrace
    ) external payable onlyPool returns (uint256 spotPrice, uint64 observedAt) {
        _lock();
        Market memory market_ = _accrued();
        if (market_.clock == SETTLED) {
            // All close first, so that what is left is cash and nothing else.
            uint256 open = uint256(market_.longOpenInterest) + market_.shortOpenInterest;
            require(open == 0, PositionsStillOpen(open));
            _sweep(market_);
            _storeMarket(market_);
            _returnEther();
            return (market_.lastPrice, SETTLED);
        }
        Price memory price = _spotPrice(market_, proof);
        // Fulfilling where nobody could be liquidated yet would let a provider leave at a mark about to fall.
        _requireGraceOver(price);
        uint256 endsAt = price.upSince == 0 ? 0 : uint256(price.upSince) + _sequencerGrace + settleGrace;
        require(block.timestamp >= endsAt, SettleGracePeriod(endsAt));
        _sweep(market_);
        _storeMarket(market_);
        _returnEther();
        return (price.value, price.observedAt);
    }

    /// @inheritdoc IPoolLink
    function endFulfilment(uint256 cash, uint256 reserved) external onlyPool {
        Market memory market_ = _accrued();
        _updateRates(market_, cash, reserved);
        _storeMarket(market_);
        _locked = 0;
    }

    /// @inheritdoc IPoolLink
    function sweepDues() external nonReentrant returns (uint256 amountToken) {
        Market memory market_ = _accrued();
        amountToken = _sweep(market_);
        _storeMarket(market_);
    }

    /// @dev Sends before it books: dues that cannot be sent stay dues. The lock keeps a hook of the token outside.
    function _sweep(Market memory market_) private returns (uint256 amountToken) {
        amountToken = TokenScale.toTokenDown(market_.poolDue, _scale);
        if (amountToken == 0) return 0;
        if (!_trySend(address(_pool), amountToken)) return 0;
        uint256 amount = amountToken * _scale;
        market_.poolDue -= uint128(amount);
        (uint256 cash, uint256 reserved) = _pool.receiveDues(amount);
        emit DuesSwept(++market_.sequence, amountToken);
        _updateRates(market_, cash, reserved);
    }
}
