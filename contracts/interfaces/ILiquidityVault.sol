// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PoolParameters} from "../types/MarketParameters.sol";
import {ICommonErrors} from "./ICommonErrors.sol";
import {IERC7540} from "./IERC7540.sol";
import {IReserveLedger} from "./IReserveLedger.sol";

/// @dev One waiting request, a link of its queue. Two slots.
struct PoolRequest {
    // Slot 0.
    /// @dev Who cancels and claims.
    address controller;
    /// @dev When the request was made [s].
    uint64 requestedAt;
    /// @dev Whether the keeper was paid at an earlier fill.
    bool feePaid;
    // Slot 1.
    /// @dev What still waits: assets of a deposit [token], shares of a redeem [shares].
    uint128 amount;
    /// @dev Number of the request before it; 0 for the first.
    uint64 previous;
    /// @dev Number of the request after it; 0 for the last.
    uint64 next;
}

/// @title ILiquidityVault
/// @notice The pool of a market: an ERC-4626 vault with the asynchronous requests of ERC-7540, counterparty of every
/// position.
///
/// Notes:
/// - Assets and shares are token units as those standards demand; cash and reserves are WAD.
/// - Share price = (totalAssets + 1) ÷ (totalSupply + 1e6), with balances that are tracked: a donation changes nothing.
/// - `totalAssets` and `convertTo…` revert with {ICommonErrors-MarketLocked} while a call into the market is under
///   way, so that no other protocol reads a price in the middle of it. Apart from that they never revert.
/// - `preview…` always revert, as ERC-7540 demands. `max…` give what is claimable, and 0 while the market is locked.
/// - Every event but those of the standards carries `sequence`, which grows by one with each: a gap is a lost log.
///   Cash and reserves after each change are in {IMarginVaultState-MarketUpdated}.
interface ILiquidityVault is IReserveLedger, IERC7540, ICommonErrors {
    /// @notice Emitted with each {IERC7540-DepositRequest}, with the number of the request.
    event DepositRequested(
        uint256 indexed requestNumber,
        address indexed controller,
        address indexed owner,
        uint256 sequence,
        uint256 assets
    );

    /// @notice Emitted with each {IERC7540-RedeemRequest}, with the number of the request.
    event RedeemRequested(
        uint256 indexed requestNumber,
        address indexed controller,
        address indexed owner,
        uint256 sequence,
        uint256 shares
    );

    /// @notice Emitted when a deposit request is cancelled and its assets returned.
    event DepositCancelled(uint256 indexed requestNumber, address indexed controller, uint256 sequence, uint256 assets);

    /// @notice Emitted when a redeem request is cancelled and its shares returned.
    event RedeemCancelled(uint256 indexed requestNumber, address indexed controller, uint256 sequence, uint256 shares);

    /// @notice Emitted once for each fulfilment, with the price and the pool that all its requests are settled at.
    event RequestsPriced(uint256 sequence, uint256 price, uint256 observedAt, uint256 totalAssets, uint256 totalSupply);

    /// @notice Emitted when a deposit becomes claimable shares; `assets` is net of `fee`.
    event DepositFulfilled(
        uint256 indexed requestNumber,
        address indexed controller,
        uint256 sequence,
        uint256 assets,
        uint256 shares,
        uint256 fee
    );

    /// @notice Emitted when a deposit falls due in a pool that has lost too much; `assets`, net of `fee`, are claimable.
    event DepositRefunded(
        uint256 indexed requestNumber,
        address indexed controller,
        uint256 sequence,
        uint256 assets,
        uint256 fee
    );

    /// @notice Emitted when shares of a redeem become claimable assets; `assets` is net of `fee`.
    event RedeemFulfilled(
        uint256 indexed requestNumber,
        address indexed controller,
        uint256 sequence,
        uint256 shares,
        uint256 assets,
        uint256 fee,
        uint256 sharesPending
    );

    /// @notice Emitted when a redeem falls due that no longer covers its keeper's fee; its shares are returned.
    event RedeemReturned(uint256 indexed requestNumber, address indexed controller, uint256 sequence, uint256 shares);

    /// @notice Emitted when shares of fulfilled deposits are claimed.
    event DepositClaimed(
        address indexed controller,
        address indexed receiver,
        uint256 sequence,
        uint256 assets,
        uint256 shares
    );

    /// @notice Emitted when assets of fulfilled redeems are claimed.
    event RedeemClaimed(
        address indexed controller,
        address indexed receiver,
        uint256 sequence,
        uint256 assets,
        uint256 shares
    );

    /// @notice Emitted when a transfer failed and `amountToken` waits to be claimed.
    event PayoutDeferred(uint256 sequence, address indexed account, uint256 amountToken);

    /// @notice Emitted when `account` claims refunds and deferred payouts.
    event Claimed(uint256 sequence, address indexed account, address indexed receiver, uint256 amountToken);

    /// @notice Thrown when a request is worth less than the market allows [token].
    error RequestTooSmall(uint256 amountToken, uint256 minRequestToken);

    /// @notice Thrown when no request with this number waits.
    error RequestNotFound(uint256 requestNumber);

    /// @notice Thrown when a request can no longer be cancelled.
    error CancelTooLate(uint256 requestNumber, uint256 dueAt);

    /// @notice Thrown when no request is due or can be served.
    error NothingFulfilled();

    /// @notice Thrown by every preview: the price is not known before the request is fulfilled.
    error PreviewNotSupported();

    /// @notice Thrown when a position would be paid more than its reserve.
    error PaymentExceedsRelease(uint256 paid, uint256 released);

    /// @notice Takes back a deposit request before it falls due. The controller receives all of it.
    ///
    /// @dev Emits {DepositCancelled}.
    ///
    /// Requirements:
    /// - The market must not be locked.
    /// - The request must wait, and the caller be its controller or an operator of it.
    /// - `depositDelay` must not have passed.
    ///
    /// @param requestNumber Number from {DepositRequested}.
    /// @return assets What was returned [token].
    function cancelDeposit(uint256 requestNumber) external returns (uint256 assets);

    /// @notice Takes back a redeem request before it falls due. The controller receives all of its shares.
    ///
    /// @dev Emits {RedeemCancelled}.
    ///
    /// Requirements:
    /// - The market must not be locked.
    /// - The request must wait, and the caller be its controller or an operator of it.
    /// - `redeemDelay` must not have passed.
    ///
    /// @param requestNumber Number from {RedeemRequested}.
    /// @return shares What was returned [shares].
    function cancelRedeem(uint256 requestNumber) external returns (uint256 shares);

    /// @notice Turns deposit requests that are due into shares, in the order they were made. Anybody may call.
    ///
    /// @dev Emits {RequestsPriced}, then {DepositFulfilled} or {DepositRefunded} for each. Ether left after
    /// verification returns to the caller.
    ///
    /// Notes:
    /// - A deposit that falls due while the pool is worth less than `minNavRatio` of its cash is refunded through
    ///   {claim}, less its fee.
    ///
    /// Requirements:
    /// - `feeReceiver` must not be zero.
    /// - Those of {IPoolLink-beginFulfilment}.
    /// - At least one request must be served.
    ///
    /// @param maxCount Most requests to serve.
    /// @param proof Spot price proof for the oracle.
    /// @param feeReceiver Who receives the keeper's fees.
    /// @return count How many were served.
    /// @return feeToken The fees [token].
    function fulfillDeposits(
        uint256 maxCount,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 count, uint256 feeToken);

    /// @notice Turns redeem requests that are due into assets, in the order they were made. Anybody may call.
    ///
    /// @dev Emits {RequestsPriced}, then {RedeemFulfilled} or {RedeemReturned} for each. Ether left after verification
    /// returns to the caller.
    ///
    /// Notes:
    /// - Only cash that leaves reserves within `maxUtilization` goes out. A redeem that needs more is filled with what
    ///   there is, if that exceeds the keeper's fee, and keeps its place.
    /// - The fee comes out of the first fill. A redeem worth no more than its fee is given back its shares.
    ///
    /// Requirements:
    /// - `feeReceiver` must not be zero.
    /// - Those of {IPoolLink-beginFulfilment}.
    /// - At least one request must be served.
    ///
    /// @param maxCount Most requests to serve.
    /// @param proof Spot price proof for the oracle.
    /// @param feeReceiver Who receives the keeper's fees.
    /// @return count How many were served.
    /// @return feeToken The fees [token].
    function fulfillRedeems(
        uint256 maxCount,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 count, uint256 feeToken);

    /// @notice Pays the caller's refunds and deferred payouts to `receiver`.
    ///
    /// @dev Emits {Claimed}. Reverts when the token still refuses, with {IMargin-NothingToClaim} when nothing waits.
    ///
    /// Requirements:
    /// - The market must not be locked.
    /// - `receiver` must not be zero, and something be claimable.
    ///
    /// @param receiver Who is paid.
    /// @return amountToken What was paid [token].
    function claim(address receiver) external returns (uint256 amountToken);

    /// @notice A waiting deposit request; all zero when none waits under this number.
    function depositRequest(uint256 requestNumber) external view returns (PoolRequest memory);

    /// @notice A waiting redeem request; all zero when none waits under this number.
    function redeemRequest(uint256 requestNumber) external view returns (PoolRequest memory);

    /// @notice The deposit request that is served next, 0 when none waits, and the newest number given.
    function depositQueue() external view returns (uint256 first, uint256 newest);

    /// @notice The redeem request that is served next, 0 when none waits, and the newest number given.
    function redeemQueue() external view returns (uint256 first, uint256 newest);

    /// @notice Refunds and deferred payouts of an account [token].
    function claimable(address account) external view returns (uint256 amountToken);

    /// @notice Tokens held that are not cash: pending deposits, and everything claimable [token].
    function owedToken() external view returns (uint256);

    /// @notice Number of the newest log of this contract.
    function sequence() external view returns (uint256);

    /// @notice How providers come and go; nobody can change it.
    function parameters() external view returns (PoolParameters memory);

    /// @notice WAD units in one token unit.
    function tokenScale() external view returns (uint256);

    /// @notice The market's MarginVault.
    function marginVault() external view returns (address);

    /// @notice The market's oracle.
    function oracle() external view returns (address);
}
