// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CurveParameters, PoolParameters} from "../types/MarketParameters.sol";
import {Terms} from "../types/Terms.sol";
import {BorrowMath} from "./BorrowMath.sol";
import {WadMath} from "./WadMath.sol";

/// @title ParameterBounds
/// @notice The hard bounds in code. A market outside them cannot be created.
library ParameterBounds {
    using WadMath for uint256;

    /// @dev 10 per year [WAD per s].
    uint256 internal constant MAX_FUNDING_RATE = uint256(10e18) / 365 days;
    /// @dev 5 per year [WAD per s].
    uint256 internal constant MAX_BORROW_RATE = uint256(5e18) / 365 days;
    /// @dev 10% per year at the largest utilization, so that reserving a whole pool to block others costs [WAD per s].
    uint256 internal constant MIN_BORROW_RATE_WHEN_FULL = uint256(0.1e18) / 365 days;
    /// @dev 20% [WAD].
    uint256 internal constant MAX_PROTOCOL_FEE_SHARE = 0.2e18;

    /// @notice Thrown when a parameter is outside the hard bounds in code.
    /// @param name Which parameter.
    /// @param value What it would be.
    /// @param lower Least value allowed.
    /// @param upper Largest value allowed.
    error ParameterOutOfBounds(bytes32 name, uint256 value, uint256 lower, uint256 upper);

    /// @notice Refuses a value outside `[lower, upper]`.
    /// @param name Which parameter, for the error.
    /// @param value What it would be.
    /// @param lower Least value allowed.
    /// @param upper Largest value allowed.
    function check(bytes32 name, uint256 value, uint256 lower, uint256 upper) internal pure {
        require(value >= lower && value <= upper, ParameterOutOfBounds(name, value, lower, upper));
    }

    /// @notice Refuses terms outside the bounds.
    /// @param terms What positions would be held to.
    /// @param minInitialMarginRatio What the oracle's kind demands [WAD].
    /// @param scale WAD units in one token unit; what is paid must be whole.
    function checkTerms(Terms memory terms, uint256 minInitialMarginRatio, uint256 scale) internal pure {
        uint256 ratio = uint256(terms.maintenanceMarginRatio) + terms.liquidationFeeRatio;
        check("maintenanceMarginRatio", terms.maintenanceMarginRatio, 0.001e18, 0.5e18);
        check("liquidationFeeRatio", terms.liquidationFeeRatio, 0.0001e18, 0.1e18);
        check("positionFeeRatio", terms.positionFeeRatio, 0.0001e18, 0.02e18);
        check("liquidationTarget", terms.liquidationTarget, 1.1e18, 2e18);
        uint256 least = ratio.mulWadUp(terms.liquidationTarget);
        if (least < minInitialMarginRatio) least = minInitialMarginRatio;
        check("initialMarginRatio", terms.initialMarginRatio, least, 1e18);
        check("minReserveRatio", terms.minReserveRatio, 0.01e18, 1e18);
        check("liquidationCooldown", terms.liquidationCooldown, 1, 3600);
        check("keeperFeeFloor", terms.keeperFeeFloor, scale, type(uint96).max);
        check("keeperFeeFloor rounding", terms.keeperFeeFloor % scale, 0, 0);
        check("keeperFeeCap", terms.keeperFeeCap, terms.keeperFeeFloor, type(uint96).max);
        check("minMaintenance", terms.minMaintenance, 2 * uint256(terms.keeperFeeFloor), type(uint96).max);
        check("minMargin", terms.minMargin, terms.minMaintenance, type(uint96).max);
        check("minNotional", terms.minNotional, terms.minMargin, type(uint96).max);
    }

    /// @notice Refuses caps under which a push of the skew could cost others more than the pusher pays in fees.
    /// @param maxOpenInterest Largest open interest of either side [WAD base].
    /// @param skewScale Depth of the market [WAD base].
    /// @param slope Least {slopeOf} of all terms that open positions may be held to [WAD].
    function checkOpenInterest(uint256 maxOpenInterest, uint256 skewScale, uint256 slope) internal pure {
        check("maxOpenInterest", maxOpenInterest, 1, skewScale.mulWadDown(slope));
    }

    /// @notice `min(mmr, 2 × positionFee ÷ (1 + positionFee))`: how far a push may move the price before it costs others
    /// more than itself [WAD]. The fee is charged on the fill, which a push lowers, hence the divisor.
    function slopeOf(Terms memory terms) internal pure returns (uint256 slope) {
        uint256 fee = terms.positionFeeRatio;
        slope = (2 * fee).divWadDown(WadMath.WAD + fee);
        if (terms.maintenanceMarginRatio < slope) slope = terms.maintenanceMarginRatio;
    }

    /// @notice Refuses curves outside the bounds.
    /// @param curves Depth, funding and borrow curves.
    /// @param maxUtilization Largest share of the pool's cash that may be reserved [WAD].
    function checkCurves(CurveParameters memory curves, uint256 maxUtilization) internal pure {
        check("skewScale", curves.skewScale, 1, type(uint96).max);
        check("fundingScale", curves.fundingScale, 1, type(uint96).max);
        check("maxFundingRate", curves.maxFundingRate, 0, MAX_FUNDING_RATE);
        check("kinkUtilization", curves.kinkUtilization, 0.1e18, 0.95e18);
        check("minBorrowRate", curves.minBorrowRate, 1, curves.kinkBorrowRate);
        check("kinkBorrowRate", curves.kinkBorrowRate, curves.minBorrowRate, curves.maxBorrowRate);
        check("maxBorrowRate", curves.maxBorrowRate, curves.kinkBorrowRate, MAX_BORROW_RATE);
        uint256 full = BorrowMath.borrowRate(maxUtilization, curves);
        check("borrowRate at maxUtilization", full, MIN_BORROW_RATE_WHEN_FULL, MAX_BORROW_RATE);
    }

    /// @notice Refuses pool parameters outside the bounds.
    /// @param pool How liquidity providers come and go.
    /// @param scale WAD units in one token unit; a request fits 96 bits as WAD.
    function checkPool(PoolParameters memory pool, uint256 scale) internal pure {
        uint256 most = type(uint96).max / scale;
        check("maxUtilization", pool.maxUtilization, 0.1e18, 0.9e18);
        check("minNavRatio", pool.minNavRatio, 0.01e18, 0.9e18);
        check("depositDelay", pool.depositDelay, 60, 7 days);
        check("redeemDelay", pool.redeemDelay, 60, 7 days);
        check("settleGrace", pool.settleGrace, 30, 1 days);
        check("requestFeeToken", pool.requestFeeToken, 1, most / 10);
        check("minRequestToken", pool.minRequestToken, 10 * pool.requestFeeToken, most);
    }
}
