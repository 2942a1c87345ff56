// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Position} from "../types/Position.sol";
import {Terms} from "../types/Terms.sol";
import {BorrowMath} from "./BorrowMath.sol";
import {FundingMath} from "./FundingMath.sol";
import {WadMath} from "./WadMath.sol";

/// @title PositionMath
/// @notice Worth and requirements of one position.
library PositionMath {
    using WadMath for uint256;

    /// @notice `|s| × P`, rounded up.
    /// @param size Signed size [± WAD base].
    /// @param price Any price [WAD quote per base].
    /// @return The notional [WAD quote].
    function notional(int256 size, uint256 price) internal pure returns (uint256) {
        return WadMath.abs(size).mulWadUp(price);
    }

    /// @notice What funding and borrowing have cost since they were last folded, each rounded up.
    /// @param position The position as stored.
    /// @param fundingIndex Cumulative funding now [± WAD quote per base].
    /// @param borrowIndex Cumulative borrow fee now [WAD].
    /// @return + means the position pays [± WAD quote].
    function accrued(
        Position memory position,
        int256 fundingIndex,
        uint256 borrowIndex
    ) internal pure returns (int256) {
        int256 funding = FundingMath.owed(position.size, fundingIndex, position.fundingIndex);
        return funding + int256(BorrowMath.owed(position.reserve, borrowIndex, position.borrowIndex));
    }

    /// @notice `sP − n − owed`, rounded down: what a close of the whole at `price` would gain before the cap.
    /// @param position The position as stored.
    /// @param price Index price for health, fill price for a close [WAD quote per base].
    /// @param owed What {accrued} gives, 0 after a fold [± WAD quote].
    /// @return The gain [± WAD quote].
    function gain(Position memory position, uint256 price, int256 owed) internal pure returns (int256) {
        return WadMath.mulWadFloor(position.size, int256(price)) - position.openNotional - owed;
    }

    /// @notice `M + min(g, R)`: the box never gives more than its reserve.
    /// @param position The position as stored.
    /// @param gain_ What {gain} gives [± WAD quote].
    /// @return The equity [± WAD quote].
    function equity(Position memory position, int256 gain_) internal pure returns (int256) {
        int256 cap = int256(uint256(position.reserve));
        return int256(uint256(position.margin)) + (gain_ < cap ? gain_ : cap);
    }

    /// @notice `max((mmr + lfr) × V, minMaintenance)`, rounded up.
    /// @param notional_ `|s| × P` [WAD quote].
    /// @param ratio Maintenance margin ratio plus liquidation fee ratio [WAD].
    /// @param minMaintenance Least maintenance margin [WAD quote].
    /// @return Equity needed to stay [WAD quote].
    function maintenanceMargin(
        uint256 notional_,
        uint256 ratio,
        uint256 minMaintenance
    ) internal pure returns (uint256) {
        uint256 required = notional_.mulWadUp(ratio);
        return required > minMaintenance ? required : minMaintenance;
    }

    /// @notice `max(imr × V, liquidationTarget × maintenanceMargin(V), minMargin)`, rounded up.
    /// @param notional_ `|s| × P` [WAD quote].
    /// @param terms What the position is held to.
    /// @return required Equity needed to open, increase or remove margin [WAD quote].
    function initialMargin(uint256 notional_, Terms memory terms) internal pure returns (uint256 required) {
        required = notional_.mulWadUp(terms.initialMarginRatio);
        uint256 ratio = uint256(terms.maintenanceMarginRatio) + terms.liquidationFeeRatio;
        uint256 target = maintenanceMargin(notional_, ratio, terms.minMaintenance).mulWadUp(terms.liquidationTarget);
        if (target > required) required = target;
        if (terms.minMargin > required) required = terms.minMargin;
    }

    /// @notice The size to close so that the rest is back at the target: `|s| × (k·m·V − E) / ((k·m − lfr − c)·V)`,
    /// rounded up and at most `|s|`.
    ///
    /// @dev Covers a fill price that is rounded by a wei against the account. A caller whose own amounts are rounded
    /// lowers `equity_` by what that may cost.
    ///
    /// @param size Signed size [± WAD base].
    /// @param notional_ `|s| × P` [WAD quote].
    /// @param equity_ Equity before the liquidation; below target [± WAD quote].
    /// @param targetRatio Liquidation target × (mmr + lfr) [WAD].
    /// @param cost Liquidation fee ratio + worst exit impact [WAD].
    /// @return closed The size to close, unsigned [WAD base].
    function liquidationSize(
        int256 size,
        uint256 notional_,
        int256 equity_,
        uint256 targetRatio,
        uint256 cost
    ) internal pure returns (uint256 closed) {
        uint256 whole = WadMath.abs(size);
        if (equity_ <= 0 || targetRatio <= cost) return whole;
        uint256 target = notional_.mulWadUp(targetRatio);
        if (target <= uint256(equity_)) return 0;
        uint256 relief = notional_.mulWadDown(targetRatio - cost);
        if (relief == 0) return whole;
        // A wei of price costs a wei for each whole unit of base, which is much where a unit is worth little.
        uint256 missing = target - uint256(equity_) + whole / WadMath.WAD;
        closed = WadMath.mulDivUp(whole, missing, relief);
        if (closed > whole) closed = whole;
    }

    /// @notice The index price at which equity meets maintenance margin, with what has accrued so far.
    ///
    /// @dev Long `(n − M + owed) / (s × (1 − ratio))`, short `(−n + M − owed) / (|s| × (1 + ratio))`, and where the
    /// floor of maintenance binds, the price at which equity is that floor. Where the gain reaches the reserve first,
    /// the price at which it does: from there on the position is settled, never liquidated.
    ///
    /// Notes:
    /// - 0 for a long that no price liquidates, for a short that every price does, and without a position.
    /// - Rounded up for a long and down for a short: a long is liquidatable at every price below it, a short at every
    ///   price above it. Rounding of quote amounts can extend that by the price change worth four wei of the position.
    ///
    /// @param position The position as stored.
    /// @param owed What {accrued} gives [± WAD quote].
    /// @param ratio Maintenance margin ratio plus liquidation fee ratio, below 1 [WAD].
    /// @param minMaintenance Least maintenance margin [WAD quote].
    /// @return The price [WAD quote per base].
    function liquidationPrice(
        Position memory position,
        int256 owed,
        uint256 ratio,
        uint256 minMaintenance
    ) internal pure returns (uint256) {
        uint256 size = WadMath.abs(position.size);
        if (size == 0) return 0;
        int256 cost = position.openNotional + owed;
        int256 debt = cost - int256(uint256(position.margin));
        int256 capped = cost + int256(uint256(position.reserve));
        int256 floor = int256(minMaintenance);
        if (position.size > 0) {
            uint256 byFloor = priceUp(debt + floor, size, WadMath.WAD);
            uint256 byRatio = priceUp(debt, size, WadMath.WAD - ratio);
            return Math.min(Math.max(byRatio, byFloor), priceUp(capped, size, WadMath.WAD));
        }
        uint256 shortByFloor = priceDown(-debt - floor, size, WadMath.WAD);
        uint256 shortByRatio = priceDown(-debt, size, WadMath.WAD + ratio);
        return Math.max(Math.min(shortByRatio, shortByFloor), priceDown(-capped, size, WadMath.WAD));
    }

    /// @dev The price at which `size × share` is worth `amount`, rounded up, in one division; 0 below zero.
    function priceUp(int256 amount, uint256 size, uint256 share) private pure returns (uint256) {
        return amount <= 0 ? 0 : WadMath.mulDivUp(uint256(amount), WadMath.WAD * WadMath.WAD, size * share);
    }

    /// @dev The price at which `size × share` is worth `amount`, rounded down, in one division; 0 below zero.
    function priceDown(int256 amount, uint256 size, uint256 share) private pure returns (uint256) {
        return amount <= 0 ? 0 : (uint256(amount) * WadMath.WAD * WadMath.WAD) / (size * share);
    }
}
