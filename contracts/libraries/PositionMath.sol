// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Position} from "../types/Position.sol";
import {Terms} from "../types/Terms.sol";
import {BorrowMath} from "./BorrowMath.sol";
import {FundingMath} from "./FundingMath.sol";
import {WadMath} from "./WadMath.sol";

/// @title PositionMath
/// @notice Worth and requirements of one position.
library PositionMath {
    using WadMath for uint256;

    /// @notice `|s| × P`, rounded up [WAD quote].
    function notional(int256 size, uint256 price) internal pure returns (uint256) {
        return WadMath.abs(size).mulWadUp(price);
    }

    /// @notice What funding and borrowing have cost since they were last folded, rounded up [± WAD quote].
    function accrued(
        Position memory position,
        int256 fundingIndex,
        uint256 borrowIndex
    ) internal pure returns (int256) {
        int256 funding = FundingMath.owed(position.size, fundingIndex, position.fundingIndex);
        return funding + int256(BorrowMath.owed(position.reserve, borrowIndex, position.borrowIndex));
    }

    /// @notice `sP − n − owed`, rounded down [± WAD quote]; `owed` is what {accrued} gives, 0 after a fold.
    function gain(Position memory position, uint256 price, int256 owed) internal pure returns (int256) {
        return WadMath.mulWadFloor(position.size, int256(price)) - position.openNotional - owed;
    }

    /// @notice `M + min(g, R)`: the box never gives more than its reserve [± WAD quote].
    function equity(Position memory position, int256 gain_) internal pure returns (int256) {
        int256 cap = int256(uint256(position.reserve));
        return int256(uint256(position.margin)) + (gain_ < cap ? gain_ : cap);
    }

    /// @notice `max((mmr + lfr) × V, minMaintenance)`, rounded up [WAD quote].
    /// @param ratio Maintenance margin ratio plus liquidation fee ratio [WAD].
    function maintenanceMargin(
        uint256 notional_,
        uint256 ratio,
        uint256 minMaintenance
    ) internal pure returns (uint256) {
        uint256 required = notional_.mulWadUp(ratio);
        return required > minMaintenance ? required : minMaintenance;
    }

    /// @notice `max(imr × V, liquidationTarget × maintenanceMargin(V), minMargin)`, rounded up [WAD quote].
    function initialMargin(uint256 notional_, Terms memory terms) internal pure returns (uint256 required) {
        required = notional_.mulWadUp(terms.initialMarginRatio);
        uint256 ratio = uint256(terms.maintenanceMarginRatio) + terms.liquidationFeeRatio;
        uint256 target = maintenanceMargin(notional_, ratio, terms.minMaintenance).mulWadUp(terms.liquidationTarget);
        if (target > required) required = target;
        if (terms.minMargin > required) required = terms.minMargin;
    }

    /// @notice The size to close so that the rest is back at the target: `|s| × (k·m·V − E) / ((k·m − lfr − c)·V)`,
    /// rounded up and at most `|s|` [WAD base].
    ///
    /// @param size Signed size [WAD base].
    /// @param notional_ `|s| × P` [WAD quote].
    /// @param equity_ Equity before the liquidation; below target [± WAD quote].
    /// @param targetRatio Liquidation target × (mmr + lfr) [WAD].
    /// @param cost Liquidation fee ratio + worst exit impact [WAD].
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
        closed = WadMath.mulDivUp(whole, target - uint256(equity_), relief);
        if (closed > whole) closed = whole;
    }

    /// @notice The index price at which equity meets maintenance margin, with what has accrued so far.
    ///
    /// @dev Long `(n − M + owed) / (s × (1 − ratio))`, short `(−n + M − owed) / (|s| × (1 + ratio))`, and where the
    /// floor of maintenance binds, the price at which equity is that floor. 0 when a long cannot be liquidated by
    /// price. Rounded up for a long and down for a short: by at most one unit toward an earlier liquidation.
    ///
    /// @param owed What {accrued} gives [± WAD quote].
    /// @param ratio Maintenance margin ratio plus liquidation fee ratio, below 1 [WAD].
    /// @param minMaintenance Least maintenance margin [WAD quote].
    function liquidationPrice(
        Position memory position,
        int256 owed,
        uint256 ratio,
        uint256 minMaintenance
    ) internal pure returns (uint256) {
        uint256 size = WadMath.abs(position.size);
        int256 margin = int256(uint256(position.margin));
        int256 floor = int256(minMaintenance);
        if (position.size > 0) {
            int256 debt = position.openNotional - margin + owed;
            uint256 byFloor = debt + floor <= 0 ? 0 : uint256(debt + floor).divWadUp(size);
            uint256 byRatio = debt <= 0 ? 0 : WadMath.mulDivUp(uint256(debt).divWadUp(size), 1e18, 1e18 - ratio);
            return byRatio > byFloor ? byRatio : byFloor;
        }
        int256 credit = margin - position.openNotional - owed;
        uint256 shortByFloor = credit <= floor ? 0 : uint256(credit - floor).divWadDown(size);
        uint256 shortByRatio = credit <= 0 ? 0 : uint256(credit).divWadDown(size).divWadDown(1e18 + ratio);
        return shortByRatio < shortByFloor ? shortByRatio : shortByFloor;
    }
}
