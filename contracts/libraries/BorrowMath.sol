// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CurveParameters} from "../types/MarketParameters.sol";
import {WadMath} from "./WadMath.sol";

/// @title BorrowMath
/// @notice What a position pays for the reserve that is locked for it.
library BorrowMath {
    using WadMath for uint256;

    /// @notice `reserved ÷ cash`, rounded up and at most 1.
    /// @param reserved Sum of reserves [WAD quote].
    /// @param cash The pool's cash; may be zero [WAD quote].
    /// @return The reserved share of cash [WAD].
    function utilization(uint256 reserved, uint256 cash) internal pure returns (uint256) {
        if (reserved == 0) return 0;
        return reserved >= cash ? WadMath.WAD : reserved.divWadUp(cash);
    }

    /// @notice The kinked borrow rate at a utilization, rounded up.
    /// @param used Utilization, at most 1 [WAD].
    /// @param curves Rates that do not fall, and the kink between them.
    /// @return Growth of the borrow index [WAD per s].
    function borrowRate(uint256 used, CurveParameters memory curves) internal pure returns (uint256) {
        uint256 kink = curves.kinkUtilization;
        if (used <= kink) {
            uint256 slope = curves.kinkBorrowRate - curves.minBorrowRate;
            return curves.minBorrowRate + WadMath.mulDivUp(slope, used, kink);
        }
        uint256 steep = curves.maxBorrowRate - curves.kinkBorrowRate;
        return curves.kinkBorrowRate + WadMath.mulDivUp(steep, used - kink, WadMath.WAD - kink);
    }

    /// @notice What a position owes for its reserve since its snapshot: `R × (B − B₀)`, rounded up.
    /// @param reserve Reserve locked for the position [WAD quote].
    /// @param borrowIndex Cumulative borrow fee now [WAD].
    /// @param snapshot Cumulative borrow fee when it was last folded [WAD].
    /// @return The fee [WAD quote].
    function owed(uint256 reserve, uint256 borrowIndex, uint256 snapshot) internal pure returns (uint256) {
        return reserve.mulWadUp(borrowIndex - snapshot);
    }
}
