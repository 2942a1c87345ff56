// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {WadMath} from "./WadMath.sol";

/// @title FundingMath
/// @notice Payments from the heavier side to the lighter one and, for the net, to the pool.
library FundingMath {
    /// @notice Growth of the funding index: `maxFundingRate × clamp(skew / fundingScale, −1, 1) × price`.
    ///
    /// @dev Rounded here alone, so that accrual over any partition of time is exact. Rounded toward −∞ at each step,
    /// which keeps the sign of the skew: the heavier side never receives.
    ///
    /// @param price Price stored at the last size change [WAD quote per base].
    /// @param skew Long minus short open interest [± WAD base].
    /// @param maxFundingRate Largest funding rate [WAD per s].
    /// @param fundingScale Skew at which funding saturates, not zero [WAD base].
    /// @return + means longs pay [± WAD quote per base per s].
    function velocity(
        uint256 price,
        int256 skew,
        uint256 maxFundingRate,
        uint256 fundingScale
    ) internal pure returns (int256) {
        int256 share = WadMath.divFloor(skew * int256(WadMath.WAD), int256(fundingScale));
        int256 ratio = WadMath.clamp(share, -1e18, 1e18);
        return WadMath.mulWadFloor(WadMath.mulWadFloor(int256(maxFundingRate), ratio), int256(price));
    }

    /// @notice What a position owes since its snapshot: `s × (F − F₀)`, rounded up.
    /// @param size Signed size [± WAD base].
    /// @param fundingIndex Cumulative funding now [± WAD quote per base].
    /// @param snapshot Cumulative funding when it was last folded [± WAD quote per base].
    /// @return + means the position pays [± WAD quote].
    function owed(int256 size, int256 fundingIndex, int256 snapshot) internal pure returns (int256) {
        return WadMath.mulWadCeil(size, fundingIndex - snapshot);
    }
}
