// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title WadMath
/// @notice Fixed-point arithmetic with 18 decimals and a named rounding direction.
/// @dev Operands come from 128-bit storage fields or products bounded by them, so 256 bits hold every product; an
/// overflow reverts with a panic.
library WadMath {
    /// @dev 1.0 [WAD].
    uint256 internal constant WAD = 1e18;
    /// @dev 1.0 [± WAD].
    int256 private constant SIGNED_WAD = 1e18;

    /// @notice `a × b`, rounded down [WAD].
    /// @param a First factor [WAD].
    /// @param b Second factor [WAD].
    /// @return The product [WAD].
    function mulWadDown(uint256 a, uint256 b) internal pure returns (uint256) {
        return (a * b) / WAD;
    }

    /// @notice `a × b`, rounded up [WAD].
    /// @param a First factor [WAD].
    /// @param b Second factor [WAD].
    /// @return The product [WAD].
    function mulWadUp(uint256 a, uint256 b) internal pure returns (uint256) {
        return mulDivUp(a, b, WAD);
    }

    /// @notice `a ÷ b`, rounded down [WAD].
    /// @param a Dividend [WAD].
    /// @param b Divisor, not zero [WAD].
    /// @return The quotient [WAD].
    function divWadDown(uint256 a, uint256 b) internal pure returns (uint256) {
        return (a * WAD) / b;
    }

    /// @notice `a ÷ b`, rounded up [WAD].
    /// @param a Dividend [WAD].
    /// @param b Divisor, not zero unless `a` is [WAD].
    /// @return The quotient [WAD].
    function divWadUp(uint256 a, uint256 b) internal pure returns (uint256) {
        return mulDivUp(a, WAD, b);
    }

    /// @notice `a × b ÷ c`, rounded up.
    /// @param a First factor.
    /// @param b Second factor.
    /// @param c Divisor; looked at only when the product is not zero.
    /// @return The quotient.
    function mulDivUp(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        uint256 product = a * b;
        if (product == 0) return 0;
        // The product is at least 1, and its predecessor divided by at least 1 is below the largest integer. Saves 60 gas
        // in each of the dozen calls of a trade; a zero divisor still reverts.
        unchecked {
            return (product - 1) / c + 1;
        }
    }

    /// @notice `a × b` of signed numbers, rounded toward −∞ [± WAD].
    /// @param a First factor [± WAD].
    /// @param b Second factor [± WAD].
    /// @return The product [± WAD].
    function mulWadFloor(int256 a, int256 b) internal pure returns (int256) {
        return divFloor(a * b, SIGNED_WAD);
    }

    /// @notice `a × b` of signed numbers, rounded toward +∞ [± WAD].
    /// @param a First factor [± WAD].
    /// @param b Second factor [± WAD].
    /// @return The product [± WAD].
    function mulWadCeil(int256 a, int256 b) internal pure returns (int256) {
        return -divFloor(-(a * b), SIGNED_WAD);
    }

    /// @notice `a ÷ b`, rounded toward −∞.
    /// @param a Dividend.
    /// @param b Divisor; must be positive.
    /// @return quotient The quotient.
    function divFloor(int256 a, int256 b) internal pure returns (int256 quotient) {
        // With a positive divisor nothing overflows: a remainder means that the quotient is not the least integer.
        unchecked {
            quotient = a / b;
            if (a < 0 && a % b != 0) --quotient;
        }
    }

    /// @notice The absolute value of `a`.
    /// @param a Any number but the least integer.
    /// @return Its magnitude.
    function abs(int256 a) internal pure returns (uint256) {
        return uint256(a < 0 ? -a : a);
    }

    /// @notice `a` brought into `[lower, upper]`.
    /// @param a Any number.
    /// @param lower Least result; not above `upper`.
    /// @param upper Largest result.
    /// @return The number within the bounds that is nearest to `a`.
    function clamp(int256 a, int256 lower, int256 upper) internal pure returns (int256) {
        if (a < lower) return lower;
        return a > upper ? upper : a;
    }
}
