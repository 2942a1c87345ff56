// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IMargin
/// @notice Moving margin in and out of positions.
interface IMargin {
    /// @notice Emitted when margin is added; `margin` is what the position then holds.
    event MarginAdded(
        uint256 indexed positionId,
        address indexed caller,
        uint256 sequence,
        uint256 amount,
        uint256 margin
    );

    /// @notice Emitted when margin is removed; `margin` is what the position then holds.
    event MarginRemoved(
        uint256 indexed positionId,
        address indexed receiver,
        uint256 sequence,
        uint256 amount,
        uint256 margin,
        uint256 price,
        uint256 observedAt
    );

    /// @notice Thrown when more margin is asked for than the position holds.
    error MarginExceeded(uint256 positionId, uint256 requested, uint256 available);

    /// @notice Thrown when equity would be below the initial margin.
    error InitialMarginNotMet(uint256 positionId, int256 equity, uint256 required);

    /// @notice Thrown when there is nothing to claim.
    error NothingToClaim(address account);

    /// @notice Adds margin to any open position, from anybody.
    ///
    /// @dev Emits {MarginAdded}.
    ///
    /// Notes:
    /// - Never refused for a reason of risk or oracle. Accruals are not settled.
    ///
    /// Requirements:
    /// - `amountToken` must not be zero.
    /// - The position must be open.
    /// - The token must move exactly `amountToken`.
    ///
    /// @param positionId The position.
    /// @param amountToken Margin to add, pulled from the caller [token].
    function addMargin(uint256 positionId, uint256 amountToken) external;

    /// @notice Removes margin from the caller's position.
    ///
    /// @dev Emits {MarginRemoved}. Ether left after verification returns to the caller.
    ///
    /// Requirements:
    /// - `amountToken` and `receiver` must not be zero.
    /// - The position must be open and the caller own it.
    /// - No market order of the position may be waiting.
    /// - The price must not be older than any that the market or the position has used.
    /// - The position must hold the margin, and equity afterwards must cover the initial margin.
    ///
    /// @param positionId The position.
    /// @param amountToken Margin to remove [token].
    /// @param receiver Who is paid.
    /// @param proof Spot price proof for the oracle.
    function removeMargin(
        uint256 positionId,
        uint256 amountToken,
        address receiver,
        bytes calldata proof
    ) external payable;

    /// @notice Pays the caller's deferred payouts to `receiver`.
    ///
    /// @dev Emits {Claimed}. Reverts when the token still refuses.
    ///
    /// @param receiver Who is paid.
    /// @return amountToken What was paid [token].
    function claim(address receiver) external returns (uint256 amountToken);

    /// @notice Brings both indices up to date. Changes nothing that would not have happened anyway.
    function accrue() external;
}
