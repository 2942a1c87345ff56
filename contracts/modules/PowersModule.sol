// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPowers} from "../interfaces/IPowers.sol";
import {Market, SETTLED} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {TermsWords} from "../types/Terms.sol";
import {VaultCore} from "./VaultCore.sol";

/// @title PowersModule
/// @notice The few words that a market's other contracts may write into its vault. None of them touches equity or health
/// of an open position (LAW-13).
abstract contract PowersModule is VaultCore {
    /// @inheritdoc IPowers
    function publishTerms(TermsWords calldata words) external nonReentrant returns (uint256 termsId) {
        _requireCaller(_charter);
        termsId = ++_latestTermsId;
        _terms[termsId] = words;
        emit TermsStored(++_market.sequence, termsId, words.margins, words.trades);
    }

    /// @inheritdoc IPowers
    function setLimits(uint128 maxOpenInterest, uint64 increasesStoppedUntil) external nonReentrant {
        _requireCaller(_charter);
        (_maxOpenInterest, _increasesStoppedUntil) = (maxOpenInterest, increasesStoppedUntil);
    }

    /// @inheritdoc IPowers
    function settleMarket() external nonReentrant {
        _requireCaller(_charter);
        Market memory market_ = _accrued();
        emit MarketSettled(++market_.sequence, market_.lastPrice, market_.clock);
        market_.clock = SETTLED;
        (market_.fundingVelocity, market_.borrowRate) = (0, 0);
        _storeMarket(market_);
    }

    /// @inheritdoc IPowers
    function releaseProtocolFees(address receiver) external nonReentrant returns (uint256 amountToken) {
        _requireCaller(_charter);
        uint256 due = _market.protocolDue;
        amountToken = due / _scale;
        require(amountToken != 0, ZeroAmount());
        _market.protocolDue = uint128(due % _scale);
        emit ProtocolFeesPaid(++_market.sequence, receiver, amountToken);
        _send(receiver, amountToken);
    }

    /// @inheritdoc IPowers
    function setMandated(uint256 positionId, bool mandated) external nonReentrant {
        _requireCaller(address(_mandateBook));
        Position storage stored = _positions[positionId];
        stored.traits = (stored.traits & ~_MANDATED) | (mandated ? _MANDATED : 0);
    }

    /// @inheritdoc IPowers
    function assignPosition(uint256 positionId, address owner) external onlyOrderBook nonReentrant {
        Position storage stored = _positions[positionId];
        _requireNoneWaits(positionId);
        require(stored.traits < 254, TransfersExhausted(positionId));
        // The next count of transfers, without a mandate: it was given by the one who leaves.
        stored.traits = (stored.traits | _MANDATED) + 1;
        emit PositionTransferred(positionId, stored.owner, owner, ++_market.sequence);
        stored.owner = owner;
    }
}
