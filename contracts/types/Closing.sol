// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev What closing a part of a position does to its box, before any fee. Amounts are WAD quote unless named.
struct Closing {
    /// @dev Signed change of size [WAD base].
    int256 closedSize;
    /// @dev Price it is closed at [WAD quote per base].
    uint256 fillPrice;
    /// @dev Gain or loss of the part, before the box bounds it.
    int256 pnl;
    /// @dev Reserve that the part releases.
    uint256 released;
    /// @dev What the pool pays of it, in whole token units.
    uint256 gain;
    /// @dev What the margin pays to the pool.
    uint256 loss;
    /// @dev Loss that the margin could not pay; nobody's debt.
    uint256 shortfall;
    /// @dev The pool's cash afterwards.
    uint256 cash;
    /// @dev The sum of reserves afterwards.
    uint256 reserved;
}
