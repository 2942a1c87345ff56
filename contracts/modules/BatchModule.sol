// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {BatchKind, ITrade} from "../interfaces/ITrade.sol";
import {Market, SETTLED} from "../types/Market.sol";
import {Price} from "../types/Price.sol";
import {VaultCore} from "./VaultCore.sol";

/// @title BatchModule
/// @notice What the order book needs around a trade: one price under one lock, escrow in, escrow and fees out.
abstract contract BatchModule is VaultCore {
    using SafeCast for uint256;

    /// @inheritdoc ITrade
    function beginBatch(
        bytes calldata proof,
        BatchKind kind
    ) external payable onlyOrderBook returns (Price memory price) {
        _lock();
        Market storage stored = _market;
        uint32 clock = stored.clock;
        if (kind == BatchKind.Last) {
            require(clock == SETTLED, MarketNotSettled());
            (price.value, price.observedAt) = (stored.lastPrice, SETTLED);
        } else {
            if (kind == BatchKind.Own) {
                require(clock != SETTLED, MarketIsSettled());
                price = _oracle.verify{value: msg.value}(proof);
            } else {
                price = _newestPrice(proof, clock);
                stored.lastPrice = _toPrice(price.value);
                stored.clock = uint32(price.observedAt);
            }
        }
        _batchPrice = price.value;
        _batchObservedAt = price.observedAt;
        _batchClosingOnly = price.closingOnly ? 1 : 0;
        _returnEther();
    }

    /// @inheritdoc ITrade
    function endBatch(address receiver, uint256 amount) external onlyOrderBook {
        _requireBatch();
        _batchPrice = 0;
        _release(receiver, amount, 0);
        _locked = 0;
    }

    /// @inheritdoc ITrade
    function escrow(
        address account,
        uint256 amountToken,
        uint256 countedPositionId
    ) external onlyOrderBook nonReentrant {
        if (countedPositionId != 0) {
            _requireNoneWaits(countedPositionId);
            _pendingMarketOrders[countedPositionId] = 1;
        }
        if (amountToken != 0) _pullToken(account, amountToken);
    }

    /// @inheritdoc ITrade
    function release(
        address account,
        uint256 refunded,
        uint256 forfeited,
        uint256 countedPositionId,
        bool inBatch
    ) external onlyOrderBook {
        // Whoever cancels must not come in while a trade of a batch holds the market in memory.
        if (inBatch) _requireBatch();
        else _lock();
        if (countedPositionId != 0) delete _pendingMarketOrders[countedPositionId];
        _release(account, refunded, forfeited);
        if (!inBatch) _locked = 0;
    }

    /// @dev Escrow is a whole number of token units, save what was taken from margin; the rest is due to the pool.
    function _release(address receiver, uint256 amount, uint256 forfeited) private {
        uint256 amountToken = amount / _scale;
        uint256 due = forfeited + (amount - amountToken * _scale);
        if (due != 0) _market.poolDue += due.toUint128();
        _payOut(receiver, amountToken);
    }
}
