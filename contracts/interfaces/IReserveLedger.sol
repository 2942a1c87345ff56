// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IReserveLedger
/// @notice What a LiquidityVault does for positions. Only the market's MarginVault calls the changing functions.
interface IReserveLedger {
    /// @notice Thrown when a lock or a redeem would reserve more of the cash than allowed.
    error UtilizationExceeded(uint256 reserved, uint256 cash, uint256 maxUtilization);

    /// @notice Locks `amount` more for a position.
    ///
    /// Requirements:
    /// - The caller must be the market's MarginVault.
    /// - All reserves together must stay within `maxUtilization` of cash.
    ///
    /// @param amount Reserve to lock [WAD quote].
    /// @return cash The pool's cash [WAD quote].
    /// @return reserved The sum of reserves [WAD quote].
    function lockReserve(uint256 amount) external returns (uint256 cash, uint256 reserved);

    /// @notice Releases `released` of reserves and pays `paid` of it to the MarginVault.
    ///
    /// @dev A transfer that fails becomes claimable here by `account`; then `delivered` is false.
    ///
    /// Requirements:
    /// - The caller must be the market's MarginVault.
    /// - `paid` must not exceed `released` and be a whole number of token units.
    ///
    /// @param released Reserve that is free again [WAD quote].
    /// @param paid Part of it that leaves the pool [WAD quote].
    /// @param account Who gains, should the transfer fail.
    /// @return cash The pool's cash afterwards [WAD quote].
    /// @return reserved The sum of reserves afterwards [WAD quote].
    /// @return delivered Whether the tokens reached the MarginVault.
    function releaseReserve(
        uint256 released,
        uint256 paid,
        address account
    ) external returns (uint256 cash, uint256 reserved, bool delivered);

    /// @notice Books tokens that the MarginVault has just sent as cash; never more than arrived.
    ///
    /// Requirements:
    /// - The caller must be the market's MarginVault.
    ///
    /// @param amount What was sent [WAD quote].
    /// @return cash The pool's cash afterwards [WAD quote].
    /// @return reserved The sum of reserves [WAD quote].
    function receiveDues(uint256 amount) external returns (uint256 cash, uint256 reserved);

    /// @notice Tokens that belong to providers and reserves, pending deposits and claims apart [WAD quote].
    function cash() external view returns (uint256);

    /// @notice The sum of reserves of all open positions [WAD quote].
    function reserved() external view returns (uint256);
}
