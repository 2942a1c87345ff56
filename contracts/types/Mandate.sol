// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev What an owner allows for one position.
struct MandateRequest {
    uint256 positionId;
    /// @dev The most that may leave the wallet, keeper's fees included [WAD quote].
    uint256 cap;
    /// @dev Equity as a multiple of maintenance margin below which anybody may rescue [WAD].
    uint256 triggerRatio;
    /// @dev Multiple of maintenance margin that a rescue restores [WAD].
    uint256 targetRatio;
    /// @dev Least pause between two rescues [s].
    uint256 minInterval;
    /// @dev Last second in which the mandate counts [s].
    uint256 expiry;
    /// @dev The most that one rescue may pay its keeper [WAD quote].
    uint256 maxKeeperFee;
}

/// @dev A mandate as stored. Two slots.
struct Mandate {
    // Slot 0.
    /// @dev Who gave it; void once the position belongs to somebody else.
    address owner;
    /// @dev [1e-6]
    uint32 triggerRatioE6;
    /// @dev [1e-6]
    uint32 targetRatioE6;
    /// @dev [s]
    uint24 minInterval;
    // Slot 1, the one that a rescue writes.
    /// @dev What may still leave the wallet [WAD quote].
    uint96 capLeft;
    /// @dev When it was last used [s]; 0 before.
    uint40 rescuedAt;
    /// @dev [s]
    uint40 expiry;
    /// @dev [1e-6 quote]
    uint48 maxKeeperFeeE6;
    /// @dev Round of the owner in which it was given.
    uint32 round;
}
