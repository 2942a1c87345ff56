// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IERC7540
/// @notice What ERC-7540 and ERC-7575 add to an ERC-4626 vault: requests for deposit and redeem, and operators.
///
/// Notes:
/// - Every request has the id 0: what a controller has pending or claimable is one sum.
/// - That `deposit` and `mint` share their names with functions of ERC-4626 is the standard's demand.
interface IERC7540 {
    /// @notice Emitted when assets are locked in a deposit request.
    event DepositRequest(
        address indexed controller,
        address indexed owner,
        uint256 indexed requestId,
        address sender,
        uint256 assets
    );

    /// @notice Emitted when shares are locked in a redeem request.
    event RedeemRequest(
        address indexed controller,
        address indexed owner,
        uint256 indexed requestId,
        address sender,
        uint256 shares
    );

    /// @notice Emitted when `controller` grants or takes back the powers of an operator.
    event OperatorSet(address indexed controller, address indexed operator, bool approved);

    /// @notice Locks assets until the request is fulfilled.
    ///
    /// @dev Emits {DepositRequest} and {ILiquidityVault-DepositRequested}.
    ///
    /// Requirements:
    /// - The market must not be locked.
    /// - `controller` must not be zero.
    /// - The caller must be `owner` or its operator.
    /// - `assets` must be at least the smallest request, and fit 96 bits as WAD.
    /// - The token must move exactly `assets`.
    ///
    /// @param assets What to lock, the keeper's fee included [token].
    /// @param controller Who cancels and claims.
    /// @param owner Who pays.
    /// @return requestId Always 0.
    function requestDeposit(uint256 assets, address controller, address owner) external returns (uint256 requestId);

    /// @notice Locks shares until the request is fulfilled.
    ///
    /// @dev Emits {RedeemRequest} and {ILiquidityVault-RedeemRequested}.
    ///
    /// Requirements:
    /// - The market must not be locked.
    /// - `controller` must not be zero.
    /// - The caller must be `owner`, its operator, or hold an allowance of `shares`.
    /// - The shares must now be worth at least the smallest request, and fit 128 bits.
    ///
    /// @param shares What to lock [shares].
    /// @param controller Who cancels and claims.
    /// @param owner Whose shares are locked.
    /// @return requestId Always 0.
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);

    /// @notice Grants or takes back the power to request and claim for the caller.
    ///
    /// @dev Emits {OperatorSet}.
    ///
    /// Warning: an operator can move everything that the caller has approved, holds and may claim here.
    ///
    /// @return Always true.
    function setOperator(address operator, bool approved) external returns (bool);

    /// @notice Claims shares for `assets` of fulfilled deposit requests.
    ///
    /// @dev Emits the Deposit event of ERC-4626 and {ILiquidityVault-DepositClaimed}.
    ///
    /// Requirements:
    /// - The market must not be locked.
    /// - The caller must be `controller` or its operator.
    /// - `assets` must not be zero, nor more than is claimable.
    ///
    /// @param assets Fulfilled assets to claim for [token].
    /// @param receiver Who receives the shares.
    /// @param controller Whose claim it is.
    /// @return shares What was claimed, rounded down [shares].
    function deposit(uint256 assets, address receiver, address controller) external returns (uint256 shares);

    /// @notice Claims `shares` of fulfilled deposit requests.
    ///
    /// @dev Emits the Deposit event of ERC-4626 and {ILiquidityVault-DepositClaimed}.
    ///
    /// Requirements:
    /// - The market must not be locked.
    /// - The caller must be `controller` or its operator.
    /// - `shares` must not be zero, nor more than are claimable.
    ///
    /// @param shares What to claim [shares].
    /// @param receiver Who receives the shares.
    /// @param controller Whose claim it is.
    /// @return assets Fulfilled assets that were used up, rounded up [token].
    function mint(uint256 shares, address receiver, address controller) external returns (uint256 assets);

    /// @notice Assets of `controller` that wait for fulfilment [token]; 0 for any other id than 0.
    function pendingDepositRequest(uint256 requestId, address controller) external view returns (uint256 assets);

    /// @notice Assets of `controller` that have become shares not yet claimed [token]; 0 for any other id than 0.
    function claimableDepositRequest(uint256 requestId, address controller) external view returns (uint256 assets);

    /// @notice Shares of `controller` that wait for fulfilment [shares]; 0 for any other id than 0.
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice Shares of `controller` that have become assets not yet claimed [shares]; 0 for any other id than 0.
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice Whether `operator` may act for `controller`.
    function isOperator(address controller, address operator) external view returns (bool status);

    /// @notice The share token: the pool itself.
    function share() external view returns (address shareToken);
}
