// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {WadMath} from "./WadMath.sol";

/// @title FundingMath
/// @notice Payments from the heavier side to the lighter one and, for the net, to the pool.
library FundingMath {
    /// @notice Growth of the funding index: `maxFundingRate × clamp(skew / fundingScale, −1, 1) × price`.
    ///
    /// @dev Rounded once here, so that accrual over any partition of time is exact.
    ///
    /// @return velocity [WAD quote per base per s], + means longs pay.
    function velocity(
        uint256 price,
        int256 skew,
        uint256 maxFundingRate,
        uint256 fundingScale
    ) internal pure returns (int256) {
        int256 scale = int256(fundingScale);
        int256 ratio = WadMath.clamp(WadMath.divFloor(skew * int256(WadMath.WAD), scale), -1e18, 1e18);
        return WadMath.mulWadFloor(WadMath.mulWadFloor(int256(maxFundingRate), ratio), int256(price));
    }

    /// @notice What a position owes since its snapshot: `s × (F − F₀)`, rounded up [± WAD quote].
    function owed(int256 size, int256 fundingIndex, int256 snapshot) internal pure returns (int256) {
        return WadMath.mulWadCeil(size, fundingIndex - snapshot);
    }
}
