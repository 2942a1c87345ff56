// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IMargin} from "../interfaces/IMargin.sol";
import {PositionMath} from "../libraries/PositionMath.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Price} from "../types/Price.sol";
import {VaultCore} from "./VaultCore.sol";

/// @title MarginModule
/// @notice Moving margin in and out of positions.
abstract contract MarginModule is VaultCore {
    using SafeCast for uint256;
    using PositionMath for Position;

    /// @inheritdoc IMargin
    function addMargin(uint256 positionId, uint256 amountToken) external nonReentrant {
        // Checks.
        require(amountToken != 0, ZeroAmount());
        // An open position has a reserve, which lies in the slot that is written anyway.
        require(_positions[positionId].reserve != 0, PositionNotFound(positionId));

        // Effects. Nothing is accrued: equity grows by the amount whatever is owed.
        uint256 amount = TokenScale.toWad(amountToken, _scale);
        uint96 margin = (_positions[positionId].margin + amount).toUint96();
        _positions[positionId].margin = margin;
        _market.totalMargin = (_market.totalMargin + amount).toUint96();
        emit MarginAdded(positionId, msg.sender, ++_market.sequence, amount, margin);

        // Interactions.
        _pullToken(msg.sender, amountToken);
    }

    /// @inheritdoc IMargin
    function removeMargin(
        uint256 positionId,
        uint256 amountToken,
        address receiver,
        bytes calldata proof
    ) external payable nonReentrant {
        // Checks.
        require(amountToken != 0, ZeroAmount());
        require(receiver != address(0), ZeroAddress());
        Position memory position_ = _positions[positionId];
        require(position_.size != 0, PositionNotFound(positionId));
        require(msg.sender == position_.owner, NotAuthorized(msg.sender));
        _requireNoneWaits(positionId);

        // Effects. Accrue first, so that the margin check sees today's equity.
        Market memory market_ = _accruedMargins();
        Price memory price = _spotPrice(market_, proof);
        uint256 amount = TokenScale.toWad(amountToken, _scale);
        require(amount <= position_.margin, MarginExceeded(positionId, amount, position_.margin));
        position_.margin -= uint96(amount);
        _requireInitialMargin(market_, positionId, position_, _marginTermsOf(position_.termsId), price.value);
        _positions[positionId].margin = position_.margin;
        market_.totalMargin -= uint96(amount);
        emit MarginRemoved(
            positionId,
            receiver,
            ++market_.sequence,
            amount,
            position_.margin,
            price.value,
            price.observedAt
        );
        _storeMargins(market_);

        // Interactions.
        _payOut(receiver, amountToken);
        _returnEther();
    }

    /// @inheritdoc IMargin
    function claim(address receiver) external nonReentrant returns (uint256 amountToken) {
        require(receiver != address(0), ZeroAddress());
        amountToken = _claimable[msg.sender];
        require(amountToken != 0, NothingToClaim(msg.sender));
        _claimable[msg.sender] = 0;
        emit Claimed(++_market.sequence, msg.sender, receiver, amountToken);
        _send(receiver, amountToken);
    }

    /// @inheritdoc IMargin
    function accrue() external nonReentrant {
        _storeIndices(_accruedMargins());
    }
}
