// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title TokenScale
/// @notice The one gate between WAD amounts and whole token units.
library TokenScale {
    /// @notice Thrown when a token has more decimals than a WAD.
    error TooManyDecimals(uint8 decimals);

    /// @notice WAD units in one token unit.
    function scaleOf(uint8 decimals) internal pure returns (uint256 scale) {
        require(decimals <= 18, TooManyDecimals(decimals));
        return 10 ** (18 - decimals);
    }

    /// @notice Token units as WAD; exact.
    function toWad(uint256 amountToken, uint256 scale) internal pure returns (uint256) {
        return amountToken * scale;
    }

    /// @notice WAD as token units, rounded down [token].
    function toTokenDown(uint256 amount, uint256 scale) internal pure returns (uint256) {
        return amount / scale;
    }

    /// @notice The largest WAD amount up to `amount` that is a whole number of token units.
    function floorToToken(uint256 amount, uint256 scale) internal pure returns (uint256) {
        return amount - (amount % scale);
    }

    /// @notice The smallest WAD amount from `amount` that is a whole number of token units.
    function ceilToToken(uint256 amount, uint256 scale) internal pure returns (uint256) {
        return floorToToken(amount + scale - 1, scale);
    }
}
