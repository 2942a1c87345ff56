// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Value of {Market-clock} once the market was settled after its oracle died: no price is newer.
uint32 constant SETTLED = type(uint32).max;

/// @dev Sums over all positions of one market, and the indices they accrue by. Five slots, of which moving margin writes
/// the fourth alone.
struct Market {
    // Slot 0.
    /// @dev Sum of long sizes [WAD base].
    uint96 longOpenInterest;
    /// @dev Sum of short sizes, unsigned [WAD base].
    uint96 shortOpenInterest;
    /// @dev Cumulative borrow fee per unit of reserve [WAD].
    uint64 borrowIndex;
    // Slot 1: with the borrow index, all that accrual reads.
    /// @dev Cumulative funding [WAD quote per base].
    int96 fundingIndex;
    /// @dev Growth of the funding index: funding rate × reference price, 3.2e11 × 2^96 ÷ 1e18 at most [WAD quote per base
    /// per s].
    int80 fundingVelocity;
    /// @dev Growth of the borrow index, 1.6e11 at most [WAD per s].
    uint40 borrowRate;
    /// @dev Up to when both indices are accrued [s].
    uint40 accruedAt;
    // Slot 2.
    /// @dev Sum of open notional − size × funding index − reserve × borrow index, both products as at the position's last
    /// fold and rounded up: what all positions would gain follows from it, the skew and the indices [± WAD quote].
    int104 netBasis;
    /// @dev Index price at the last change of size [WAD quote per base].
    uint96 referencePrice;
    // Slot 3.
    /// @dev Sum of margins [WAD quote].
    uint96 totalMargin;
    /// @dev Newest price that the market has used; all close at it should the oracle die [WAD quote per base].
    uint96 lastPrice;
    /// @dev When that price was observed [s]; never moves back. `SETTLED` once the market was settled.
    uint32 clock;
    /// @dev Number of the newest log of this contract: a gap means that a log was lost.
    uint32 sequence;
    // Slot 4.
    /// @dev Owed to the pool and not yet swept to it [WAD quote].
    uint128 poolDue;
    /// @dev Owed to the receiver of protocol fees [WAD quote].
    uint128 protocolDue;
}
