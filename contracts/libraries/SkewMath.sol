// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {WadMath} from "./WadMath.sol";

/// @title SkewMath
/// @notice What a trade pays for pushing the market out of balance, and is paid for bringing it back.
library SkewMath {
    using WadMath for uint256;

    /// @notice Thrown when the skew would push the fill price to zero or below.
    /// @param skewMid Skew half way through the trade [± WAD base].
    /// @param skewScale Depth of the market [WAD base].
    error SkewBeyondScale(int256 skewMid, uint256 skewScale);

    /// @notice The price at which a size change fills: `P × (1 + (skew + Δ/2) / skewScale)`.
    ///
    /// @dev Path-independent up to rounding: it is the mean of the marginal price over the trade. Rounded up for a
    /// buy and down for a sale.
    ///
    /// @param price Index price [WAD quote per base].
    /// @param skew Long minus short open interest before the trade [± WAD base].
    /// @param sizeDelta Signed size change [± WAD base].
    /// @param skewScale Depth of the market, not zero [WAD base].
    /// @return The fill price [WAD quote per base].
    function fillPrice(
        uint256 price,
        int256 skew,
        int256 sizeDelta,
        uint256 skewScale
    ) internal pure returns (uint256) {
        // Doubled, so that half a wei of size is not lost.
        int256 numerator = 2 * (int256(skewScale) + skew) + sizeDelta;
        require(numerator > 0, SkewBeyondScale(skew + sizeDelta / 2, skewScale));
        return
            sizeDelta > 0
                ? WadMath.mulDivUp(price, uint256(numerator), 2 * skewScale)
                : (price * uint256(numerator)) / (2 * skewScale);
    }

    /// @notice What the market as a whole could get back by closing: `P × skew² / (2 × skewScale)`, rounded up, a
    /// liability of the pool.
    /// @param price Index price [WAD quote per base].
    /// @param skew Long minus short open interest [± WAD base].
    /// @param skewScale Depth of the market, not zero [WAD base].
    /// @return The refundable premium outstanding [WAD quote].
    function premium(uint256 price, int256 skew, uint256 skewScale) internal pure returns (uint256) {
        uint256 depth = WadMath.abs(skew);
        return WadMath.mulDivUp(price.mulWadUp(depth), depth, 2 * skewScale);
    }

    /// @notice The impact of closing a whole position at once, where it costs: `max(0, (|s|/2 − skew·sign(s)) /
    /// skewScale)`, rounded up. No part of the position costs more, each unit for itself.
    /// @param size Signed size of the position [± WAD base].
    /// @param skew Long minus short open interest, the position included [± WAD base].
    /// @param skewScale Depth of the market, not zero [WAD base].
    /// @return The share of notional lost to the exit [WAD].
    function worstExitImpact(int256 size, int256 skew, uint256 skewScale) internal pure returns (uint256) {
        int256 doubled = int256(WadMath.abs(size)) - 2 * (size > 0 ? skew : -skew);
        return doubled <= 0 ? 0 : WadMath.mulDivUp(uint256(doubled), WadMath.WAD, 2 * skewScale);
    }
}
