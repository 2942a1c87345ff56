// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessment} from "../types/Assessment.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Terms} from "../types/Terms.sol";
import {BoxMath} from "./BoxMath.sol";
import {MarketMath} from "./MarketMath.sol";
import {PositionMath} from "./PositionMath.sol";
import {SkewMath} from "./SkewMath.sol";
import {TokenScale} from "./TokenScale.sol";
import {WadMath} from "./WadMath.sol";

/// @title LiquidationMath
/// @notice Which positions are liquidated, how much of them, and for which fee. One rule for the vault, which acts, and
/// the lens, which explains.
library LiquidationMath {
    using WadMath for uint256;
    using MarketMath for Market;
    using PositionMath for Position;

    /// @dev Rounding of equity over a partial liquidation is a few wei, and up to a token unit of gain that is not paid;
    /// aiming that much higher keeps the rest at or above the target [WAD quote].
    int256 private constant ROUNDING_SLACK = 16;

    /// @notice Measures a position at a price.
    ///
    /// @param assessment Holds the terms; everything else is written.
    /// @param market The sums, accrued.
    /// @param position As stored.
    /// @param price Index price [WAD quote per base].
    function assess(
        Assessment memory assessment,
        Market memory market,
        Position memory position,
        uint256 price
    ) internal pure {
        Terms memory terms = assessment.terms;
        assessment.gain = position.gain(price, position.accrued(market.fundingIndex, market.borrowIndex));
        assessment.equity = position.equity(assessment.gain);
        assessment.notional = PositionMath.notional(position.size, price);
        assessment.ratio = uint256(terms.maintenanceMarginRatio) + terms.liquidationFeeRatio;
        assessment.maintenanceMargin = PositionMath.maintenanceMargin(
            assessment.notional,
            assessment.ratio,
            terms.minMaintenance
        );
        assessment.skew = market.skew();
    }

    /// @notice The part of a folded position to close, or the whole where the rest could not be kept at its target.
    ///
    /// @param position Folded at the market's indices.
    /// @param assessment Where it stands.
    /// @param price Index price [WAD quote per base].
    /// @param skewScale Depth of the market [WAD base].
    /// @param scale WAD units in one token unit.
    /// @return closed How much of its size [WAD base].
    function sizeToClose(
        Position memory position,
        Assessment memory assessment,
        uint256 price,
        uint256 skewScale,
        uint256 scale
    ) internal pure returns (uint256 closed) {
        Terms memory terms = assessment.terms;
        uint256 targetRatio = assessment.ratio.mulWadUp(terms.liquidationTarget);
        uint256 impact = SkewMath.worstExitImpact(position.size, assessment.skew, skewScale);
        closed = PositionMath.liquidationSize(
            position.size,
            assessment.notional,
            assessment.equity - ROUNDING_SLACK - int256(scale),
            targetRatio,
            terms.liquidationFeeRatio + impact
        );
        uint256 whole = WadMath.abs(position.size);
        if (closed == whole) return whole;

        // Worked out on a copy: the rest must pay its fee, stand at its target and be worth keeping.
        Position memory rest = BoxMath.copy(position);
        uint256 fill = SkewMath.fillPrice(price, assessment.skew, BoxMath.closingDelta(position, closed), skewScale);
        BoxMath.close(rest, closed, fill, scale);
        uint256 fee = feeOf(closed, price, terms);
        if (fee == terms.keeperFeeFloor || rest.margin < fee) return whole;
        BoxMath.takeFromMargin(rest, fee);
        if (!isKeepable(rest, terms, price, assessment.ratio)) return whole;
    }

    /// @notice `max(lfr × closed notional, keeperFeeFloor)` [WAD quote].
    function feeOf(uint256 closed, uint256 price, Terms memory terms) internal pure returns (uint256 fee) {
        fee = closed.mulWadUp(price).mulWadUp(terms.liquidationFeeRatio);
        if (fee < terms.keeperFeeFloor) fee = terms.keeperFeeFloor;
    }

    /// @notice What the released reserve adds when the margin cannot pay the keeper's floor.
    ///
    /// @dev Never more than the floor, so that liquidating oneself does not pay. Never more than the reserve has left after
    /// the gain either: a gain went into the margin before, and an open position's reserve is at least the floor.
    ///
    /// @param margin What the position holds after its closing [WAD quote].
    /// @param keeperFeeFloor What a keeper is paid at least [WAD quote].
    /// @param scale WAD units in one token unit.
    /// @return extra In whole token units [WAD quote].
    function feeFromReserve(uint256 margin, uint256 keeperFeeFloor, uint256 scale) internal pure returns (uint256) {
        return margin >= keeperFeeFloor ? 0 : TokenScale.ceilToToken(keeperFeeFloor - margin, scale);
    }

    function isKeepable(
        Position memory rest,
        Terms memory terms,
        uint256 price,
        uint256 ratio
    ) private pure returns (bool) {
        uint256 notional = PositionMath.notional(rest.size, price);
        uint256 required = notional.mulWadUp(ratio);
        int256 equity = rest.equity(rest.gain(price, 0));
        return
            required >= terms.minMaintenance &&
            notional >= terms.minNotional &&
            rest.reserve >= terms.keeperFeeFloor &&
            equity >= int256(uint256(terms.minMargin)) &&
            equity >= int256(required.mulWadUp(terms.liquidationTarget));
    }
}
