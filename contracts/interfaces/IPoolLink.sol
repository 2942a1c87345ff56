// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IPoolLink
/// @notice What a MarginVault does for its pool. The pool's cash and reserves live in LiquidityVault; rates that depend
/// on them live here.
interface IPoolLink {
    /// @notice Thrown when requests may not be fulfilled so soon after liquidation became possible again.
    error SettleGracePeriod(uint256 endsAt);

    /// @notice Thrown when requests of a settled market would be fulfilled before all positions are closed.
    error PositionsStillOpen(uint256 openInterest);

    /// @notice Locks the market for the pool. Only the pool calls.
    function lock() external;

    /// @notice Unlocks the market for the pool. Only the pool calls.
    function unlock() external;

    /// @notice Locks the market, verifies the spot price, accrues, and sweeps what is due to the pool.
    ///
    /// Requirements:
    /// - The caller must be the pool.
    /// - The sequencer's grace period must be over for `settleGrace`.
    /// - The price must not be older than any that the market has used.
    /// - In a settled market no position must be open; no proof is looked at then, and `observedAt` is `SETTLED`.
    ///
    /// @param proof Spot price proof for the oracle.
    /// @param settleGrace Wait after liquidation became possible again [s].
    /// @return price The spot price [WAD quote per base]; indices and dues of {IMarginVaultState-market} are up to date.
    /// @return observedAt When it was observed [s].
    function beginFulfilment(
        bytes calldata proof,
        uint64 settleGrace
    ) external payable returns (uint256 price, uint64 observedAt);

    /// @notice Stores the borrow rate anew for the pool's changed cash, and unlocks the market. Only the pool calls.
    ///
    /// @param cash The pool's cash [WAD quote].
    /// @param reserved The sum of reserves [WAD quote].
    function endFulfilment(uint256 cash, uint256 reserved) external;

    /// @notice Hands to the pool what traders lost and paid, in whole token units. Anybody may call.
    ///
    /// @dev Emits {IMarginVaultState-DuesSwept}. A transfer that fails leaves the dues where they are.
    ///
    /// @return amountToken What moved [token].
    function sweepDues() external returns (uint256 amountToken);
}
