// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title TokenScale
/// @notice The one gate between WAD amounts and whole token units.
library TokenScale {
    /// @notice Thrown when a token has more decimals than a WAD.
    /// @param decimals What the token reports.
    error TooManyDecimals(uint8 decimals);

    /// @notice WAD units in one token unit.
    /// @param decimals Decimals of the token, at most 18.
    /// @return scale `10 ** (18 − decimals)`.
    function scaleOf(uint8 decimals) internal pure returns (uint256 scale) {
        require(decimals <= 18, TooManyDecimals(decimals));
        return 10 ** (18 - decimals);
    }

    /// @notice Token units as WAD; exact.
    /// @param amountToken Any amount [token].
    /// @param scale WAD units in one token unit.
    /// @return The same amount [WAD].
    function toWad(uint256 amountToken, uint256 scale) internal pure returns (uint256) {
        return amountToken * scale;
    }

    /// @notice WAD as token units, rounded down.
    /// @param amount Any amount [WAD].
    /// @param scale WAD units in one token unit.
    /// @return Whole token units that `amount` pays for [token].
    function toTokenDown(uint256 amount, uint256 scale) internal pure returns (uint256) {
        return amount / scale;
    }

    /// @notice The largest WAD amount up to `amount` that is a whole number of token units.
    /// @param amount Any amount [WAD].
    /// @param scale WAD units in one token unit.
    /// @return A multiple of `scale` [WAD].
    function floorToToken(uint256 amount, uint256 scale) internal pure returns (uint256) {
        return amount - (amount % scale);
    }

    /// @notice The smallest WAD amount from `amount` that is a whole number of token units.
    /// @param amount Any amount [WAD].
    /// @param scale WAD units in one token unit.
    /// @return A multiple of `scale` [WAD].
    function ceilToToken(uint256 amount, uint256 scale) internal pure returns (uint256) {
        return floorToToken(amount + scale - 1, scale);
    }
}
