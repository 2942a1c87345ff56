// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidation} from "../interfaces/ILiquidation.sol";
import {MarketMath} from "../libraries/MarketMath.sol";
import {PositionMath} from "../libraries/PositionMath.sol";
import {SkewMath} from "../libraries/SkewMath.sol";
import {WadMath} from "../libraries/WadMath.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Price} from "../types/Price.sol";
import {Closing, VaultBox} from "./VaultBox.sol";

/// @title SettlementModule
/// @notice Closes positions that have won all that their reserve can give.
abstract contract SettlementModule is VaultBox {
    using MarketMath for Market;
    using PositionMath for Position;

    /// @inheritdoc ILiquidation
    function settleAtCap(
        uint256 positionId,
        bytes calldata proof,
        address feeReceiver
    ) external payable nonReentrant returns (uint256 keeperFee) {
        require(feeReceiver != address(0), ZeroAddress());
        Position memory position_ = _openPosition(positionId);
        Market memory market_ = _accrued();
        Price memory price = _spotPrice(market_, proof);
        uint256 whole = WadMath.abs(position_.size);
        uint256 fill = SkewMath.fillPrice(price.value, market_.skew(), _closingDelta(position_, whole), _skewScale);
        _detachAndFold(market_, position_);
        int256 gain = position_.gain(fill, 0);
        require(gain >= int256(uint256(position_.reserve)), CapNotReached(positionId, gain, position_.reserve));

        Closing memory closing = _closing(position_, whole, fill);
        position_.margin -= uint96(_settleWithPool(market_, position_, closing, 0));
        keeperFee = _takeFromMargin(position_, _termsOf(position_.termsId).keeperFeeFloor);
        uint256 paidOut = _toToken(market_, position_.margin);
        _stamp(market_, position_, price.value, price.observedAt);
        emit PositionSettledAtCap(
            positionId,
            position_.owner,
            msg.sender,
            ++market_.sequence,
            price.value,
            price.observedAt,
            closing.closedSize,
            fill,
            keeperFee,
            paidOut * _scale
        );
        _storePosition(market_, positionId, position_);
        _updateRates(market_, closing.cash, closing.reserved);
        uint256 keeperFeeToken = _toToken(market_, keeperFee);
        _storeMarket(market_);

        // Interactions.
        _payOut(position_.owner, paidOut);
        _payOut(feeReceiver, keeperFeeToken);
        _returnEther();
    }
}
