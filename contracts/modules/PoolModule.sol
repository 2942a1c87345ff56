// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IPoolLink} from "../interfaces/IPoolLink.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {Market} from "../types/Market.sol";
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
        _locked = false;
    }

    /// @inheritdoc IPoolLink
    function beginFulfilment(
        bytes calldata proof,
        uint64 settleGrace
    ) external payable onlyPool returns (uint256 spotPrice, uint64 observedAt) {
        _lock();
        Market memory market_ = _accrued();
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
        _locked = false;
    }

    /// @inheritdoc IPoolLink
    function sweepDues() external nonReentrant returns (uint256 amountToken) {
        Market memory market_ = _accrued();
        amountToken = _sweep(market_);
        _storeMarket(market_);
    }

    /// @inheritdoc IPoolLink
    function payProtocolFees() external nonReentrant returns (uint256 amountToken) {
        amountToken = TokenScale.toTokenDown(_market.protocolDue, _scale);
        require(amountToken != 0, ZeroAmount());
        _market.protocolDue -= uint128(amountToken * _scale);
        emit ProtocolFeesPaid(++_market.sequence, _protocolFeeReceiver, amountToken);
        SafeERC20.safeTransfer(_token, _protocolFeeReceiver, amountToken);
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
