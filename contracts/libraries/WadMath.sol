// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title WadMath
/// @notice Fixed-point arithmetic with 18 decimals and a named rounding direction.
/// @dev Operands come from 128-bit storage fields or products bounded by them, so 256 bits hold every product; an
/// overflow reverts with a panic.
library WadMath {
    /// @dev 1.0 [WAD].
    uint256 internal constant WAD = 1e18;
    int256 private constant _WAD_SIGNED = 1e18;

    /// @notice `a × b`, rounded down [WAD].
    function mulWadDown(uint256 a, uint256 b) internal pure returns (uint256) {
        return (a * b) / WAD;
    }

    /// @notice `a × b`, rounded up [WAD].
    function mulWadUp(uint256 a, uint256 b) internal pure returns (uint256) {
        return mulDivUp(a, b, WAD);
    }

    /// @notice `a ÷ b`, rounded down [WAD].
    function divWadDown(uint256 a, uint256 b) internal pure returns (uint256) {
        return (a * WAD) / b;
    }

    /// @notice `a ÷ b`, rounded up [WAD].
    function divWadUp(uint256 a, uint256 b) internal pure returns (uint256) {
        return mulDivUp(a, WAD, b);
    }

    /// @notice `a × b ÷ c`, rounded up.
    function mulDivUp(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        uint256 product = a * b;
        return product == 0 ? 0 : (product - 1) / c + 1;
    }

    /// @notice `a × b` of signed numbers, rounded toward −∞ [WAD].
    function mulWadFloor(int256 a, int256 b) internal pure returns (int256) {
        return divFloor(a * b, _WAD_SIGNED);
    }

    /// @notice `a × b` of signed numbers, rounded toward +∞ [WAD].
    function mulWadCeil(int256 a, int256 b) internal pure returns (int256) {
        return -divFloor(-(a * b), _WAD_SIGNED);
    }

    /// @notice `a ÷ b` rounded toward −∞; `b` must be positive.
    function divFloor(int256 a, int256 b) internal pure returns (int256 quotient) {
        quotient = a / b;
        if (a < 0 && a % b != 0) --quotient;
    }

    /// @notice The absolute value of `a`; `a` is never the least integer.
    function abs(int256 a) internal pure returns (uint256) {
        return uint256(a < 0 ? -a : a);
    }

    /// @notice `a` brought into `[lower, upper]`.
    function clamp(int256 a, int256 lower, int256 upper) internal pure returns (int256) {
        if (a < lower) return lower;
        return a > upper ? upper : a;
    }
}
