// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {BorrowMath} from "../libraries/BorrowMath.sol";
import {FundingMath} from "../libraries/FundingMath.sol";
import {MarketMath} from "../libraries/MarketMath.sol";
import {PositionMath} from "../libraries/PositionMath.sol";
import {SkewMath} from "../libraries/SkewMath.sol";
import {TermsMath} from "../libraries/TermsMath.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {WadMath} from "../libraries/WadMath.sol";
import {Market} from "../types/Market.sol";
import {CurveParameters} from "../types/MarketParameters.sol";
import {Position} from "../types/Position.sol";
import {Terms} from "../types/Terms.sol";

/// @title MathHarness
/// @notice Exposes the libraries to tests. Names that two libraries share carry the library's as a prefix.
contract MathHarness {
    /// @dev How one call of {attempt} ended.
    struct Attempt {
        bool succeeded;
        bytes data;
    }

    /// @notice Calls this contract many times and reports each outcome, so that a test pays for one round trip.
    function attempt(bytes[] calldata calls) external view returns (Attempt[] memory attempts) {
        attempts = new Attempt[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (attempts[i].succeeded, attempts[i].data) = address(this).staticcall(calls[i]);
        }
    }

    /* WAD MATH */

    function mulWadDown(uint256 a, uint256 b) external pure returns (uint256) {
        return WadMath.mulWadDown(a, b);
    }

    function mulWadUp(uint256 a, uint256 b) external pure returns (uint256) {
        return WadMath.mulWadUp(a, b);
    }

    function divWadDown(uint256 a, uint256 b) external pure returns (uint256) {
        return WadMath.divWadDown(a, b);
    }

    function divWadUp(uint256 a, uint256 b) external pure returns (uint256) {
        return WadMath.divWadUp(a, b);
    }

    function mulDivUp(uint256 a, uint256 b, uint256 c) external pure returns (uint256) {
        return WadMath.mulDivUp(a, b, c);
    }

    function mulWadFloor(int256 a, int256 b) external pure returns (int256) {
        return WadMath.mulWadFloor(a, b);
    }

    function mulWadCeil(int256 a, int256 b) external pure returns (int256) {
        return WadMath.mulWadCeil(a, b);
    }

    function divFloor(int256 a, int256 b) external pure returns (int256) {
        return WadMath.divFloor(a, b);
    }

    function abs(int256 a) external pure returns (uint256) {
        return WadMath.abs(a);
    }

    function clamp(int256 a, int256 lower, int256 upper) external pure returns (int256) {
        return WadMath.clamp(a, lower, upper);
    }

    /* TOKEN SCALE */

    function scaleOf(uint8 decimals) external pure returns (uint256) {
        return TokenScale.scaleOf(decimals);
    }

    function toWad(uint256 amountToken, uint256 scale) external pure returns (uint256) {
        return TokenScale.toWad(amountToken, scale);
    }

    function toTokenDown(uint256 amount, uint256 scale) external pure returns (uint256) {
        return TokenScale.toTokenDown(amount, scale);
    }

    function floorToToken(uint256 amount, uint256 scale) external pure returns (uint256) {
        return TokenScale.floorToToken(amount, scale);
    }

    function ceilToToken(uint256 amount, uint256 scale) external pure returns (uint256) {
        return TokenScale.ceilToToken(amount, scale);
    }

    /* SKEW MATH */

    function fillPrice(
        uint256 price,
        int256 skew,
        int256 sizeDelta,
        uint256 skewScale
    ) external pure returns (uint256) {
        return SkewMath.fillPrice(price, skew, sizeDelta, skewScale);
    }

    function premium(uint256 price, int256 skew, uint256 skewScale) external pure returns (uint256) {
        return SkewMath.premium(price, skew, skewScale);
    }

    function worstExitImpact(int256 size, int256 skew, uint256 skewScale) external pure returns (uint256) {
        return SkewMath.worstExitImpact(size, skew, skewScale);
    }

    /* FUNDING MATH */

    function velocity(
        uint256 price,
        int256 skew,
        uint256 maxFundingRate,
        uint256 fundingScale
    ) external pure returns (int256) {
        return FundingMath.velocity(price, skew, maxFundingRate, fundingScale);
    }

    function fundingOwed(int256 size, int256 fundingIndex, int256 snapshot) external pure returns (int256) {
        return FundingMath.owed(size, fundingIndex, snapshot);
    }

    /* BORROW MATH */

    function utilization(uint256 reserved, uint256 cash) external pure returns (uint256) {
        return BorrowMath.utilization(reserved, cash);
    }

    function borrowRate(uint256 used, CurveParameters calldata curves) external pure returns (uint256) {
        return BorrowMath.borrowRate(used, curves);
    }

    function borrowOwed(uint256 reserve, uint256 borrowIndex, uint256 snapshot) external pure returns (uint256) {
        return BorrowMath.owed(reserve, borrowIndex, snapshot);
    }

    /* TERMS MATH */

    function packTerms(Terms calldata terms) external pure returns (uint256 margins, uint256 trades) {
        return TermsMath.pack(terms);
    }

    function unpackTerms(uint256 margins, uint256 trades) external pure returns (Terms memory) {
        return TermsMath.unpack(margins, trades);
    }

    /* POSITION MATH */

    function notional(int256 size, uint256 price) external pure returns (uint256) {
        return PositionMath.notional(size, price);
    }

    function accrued(
        Position calldata position,
        int256 fundingIndex,
        uint256 borrowIndex
    ) external pure returns (int256) {
        return PositionMath.accrued(position, fundingIndex, borrowIndex);
    }

    function gain(Position calldata position, uint256 price, int256 owed) external pure returns (int256) {
        return PositionMath.gain(position, price, owed);
    }

    function equity(Position calldata position, int256 gain_) external pure returns (int256) {
        return PositionMath.equity(position, gain_);
    }

    function maintenanceMargin(
        uint256 notional_,
        uint256 ratio,
        uint256 minMaintenance
    ) external pure returns (uint256) {
        return PositionMath.maintenanceMargin(notional_, ratio, minMaintenance);
    }

    function initialMargin(uint256 notional_, Terms calldata terms) external pure returns (uint256) {
        return PositionMath.initialMargin(notional_, terms);
    }

    function liquidationSize(
        int256 size,
        uint256 notional_,
        int256 equity_,
        uint256 targetRatio,
        uint256 cost
    ) external pure returns (uint256) {
        return PositionMath.liquidationSize(size, notional_, equity_, targetRatio, cost);
    }

    function liquidationPrice(
        Position calldata position,
        int256 owed,
        uint256 ratio,
        uint256 minMaintenance
    ) external pure returns (uint256) {
        return PositionMath.liquidationPrice(position, owed, ratio, minMaintenance);
    }

    /* MARKET MATH */

    function marketAccrue(Market calldata market, uint256 timestamp) external pure returns (Market memory updated) {
        updated = market;
        MarketMath.accrue(updated, timestamp);
    }

    function marketDetach(
        Market calldata market,
        Position calldata position
    ) external pure returns (Market memory updated) {
        updated = market;
        MarketMath.detach(updated, position);
    }

    function marketAttach(
        Market calldata market,
        Position calldata position
    ) external pure returns (Market memory updated) {
        updated = market;
        MarketMath.attach(updated, position);
    }

    function marketSkew(Market calldata market) external pure returns (int256) {
        return MarketMath.skew(market);
    }

    function tradersClaim(
        Market calldata market,
        uint256 price,
        uint256 skewScale,
        uint256 reserved
    ) external pure returns (int256) {
        return MarketMath.tradersClaim(market, price, skewScale, reserved);
    }
}
