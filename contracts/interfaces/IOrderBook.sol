// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Order, OrderRequest} from "../types/Order.sol";
import {IMulticall} from "./IMulticall.sol";
import {ISettlement} from "./ISettlement.sol";

/// @dev What an operator may do for an account; each includes those before it.
enum OperatorScope {
    None,
    /// @dev Add margin out of the account's wallet.
    AddMargin,
    /// @dev Submit and cancel orders, and label positions, out of the account's wallet. Never withdraw, transfer or give a
    /// mandate: what comes out goes to the owner.
    Trade
}

/// @title IOrderBook
/// @notice Takes orders and lets anybody execute them at a price that did not exist when they were sent.
///
/// Notes:
/// - `T` is the time of submission plus `executionDelay`.
/// - Every event carries `sequence`: a gap is a lost log. That of {OrderExecuted} and {ISettlement-PositionSettled} is the
///   MarginVault's next after the trade; that of the others grows by one with each of them.
interface IOrderBook is IMulticall, ISettlement {
    /// @notice Emitted when an order is taken, with all that is stored of it.
    event OrderSubmitted(
        uint256 indexed orderId,
        uint256 indexed positionId,
        address indexed account,
        uint256 sequence,
        Order order
    );

    /// @notice Emitted when an order is filled. What changed is in the MarginVault's events.
    event OrderExecuted(
        uint256 indexed orderId,
        address indexed keeper,
        uint256 sequence,
        uint256 keeperFee,
        bool late
    );

    /// @notice Emitted when an order ends without a fill. `reason` is the encoded error of the check that failed, empty
    /// when its account cancelled it or it expired.
    event OrderCancelled(
        uint256 indexed orderId,
        address indexed caller,
        uint256 sequence,
        uint256 refunded,
        uint256 forfeited,
        uint256 keeperFee,
        bytes reason
    );

    /// @notice Emitted when an account lets an operator act for it, or ends that with a scope of `None`.
    event OperatorSet(
        address indexed account,
        address indexed operator,
        uint256 sequence,
        OperatorScope scope,
        uint256 expiry
    );

    /// @notice Emitted when a position is labelled, such as with the strategy it belongs to.
    event PositionLabelled(uint256 indexed positionId, address indexed account, uint256 sequence, bytes32 label);

    /// @notice Thrown when no order with this id waits.
    error OrderNotFound(uint256 orderId);

    /// @notice Thrown when an order's size is zero, or not what its kind allows.
    error OrderMalformed(bytes32 what);

    /// @notice Thrown when an order offers its keeper too little.
    error KeeperFeeTooSmall(uint256 keeperFee, uint256 minKeeperFee);

    /// @notice Thrown when an expiry lies in the past.
    error ExpiryInPast(uint256 expiry, uint256 timestamp);

    /// @notice Thrown when a price is not the one that serves the order.
    error PriceDoesNotCover(uint256 orderId, uint256 time, uint256 validFrom, uint256 observedAt, uint256 validUntil);

    /// @notice Thrown when a market order's window has passed; it can only be cancelled.
    error ExecutionWindowPassed(uint256 orderId, uint256 deadline);

    /// @notice Thrown when a trigger order has expired.
    error OrderExpired(uint256 orderId, uint256 expiry);

    /// @notice Thrown when the price has not reached an order's trigger.
    error TriggerNotReached(uint256 orderId, uint256 price, uint256 triggerPrice);

    /// @notice Thrown when a market order is cancelled before its window has passed.
    error CancelTooEarly(uint256 orderId, uint256 notBefore);

    /// @notice Thrown when the orders of a batch are not in the order of their times, then ids.
    error OrdersNotSorted(uint256 previousId, uint256 orderId);

    /// @notice Thrown when no order of a batch was executed or cancelled.
    error NothingExecuted(uint256 items);

    /// @notice Thrown when the gas left could make a fill fail that would succeed with more.
    error InsufficientGas(uint256 gasLeft, uint256 required);

    /// @notice Thrown when an operator offers a keeper, who may be itself, more than twice the least fee.
    error OperatorFeeTooHigh(uint256 keeperFee, uint256 limit);

    /// @notice Submits an order and escrows its margin and keeper's fee.
    ///
    /// @dev Emits {OrderSubmitted}.
    ///
    /// Requirements:
    /// - The size must not be zero; a market order has neither trigger nor expiry, a trigger order has both.
    /// - The expiry must not have passed.
    /// - A reduce-only order names a position and carries neither margin nor reserve.
    /// - A fee from margin needs a reduce-only trigger order.
    /// - The keeper's fee must be at least `minKeeperFee`, a whole multiple of 1e12 and of a token unit.
    /// - Margin must be whole token units.
    /// - The position, if named, must be open, or be about to be opened by a waiting order where the fee comes from its
    ///   margin; and it must belong to the caller.
    /// - A reduce-only order must oppose its position.
    /// - No other market order of the position may wait, if this is one.
    ///
    /// Warning: a market order that increases a position must bring its own initial margin; margin that the position has to
    /// spare does not count, nor what is added later. A limit order may lean on it, and may name newer terms.
    ///
    /// @param request What the account asks for.
    /// @return orderId Id of the order, and of the position where it opens one.
    function submit(OrderRequest calldata request) external returns (uint256 orderId);

    /// @notice As {submit}, for `account`, by its operator. Escrow comes out of the account's wallet.
    ///
    /// Requirements:
    /// - As {submit}; the caller must be an operator of `account` with the scope `Trade`.
    /// - The keeper's fee must be at most twice `minKeeperFee`.
    ///
    /// @param account Who owns the position, or will.
    /// @param request What is asked for.
    /// @return orderId Id of the order.
    function submitFor(address account, OrderRequest calldata request) external returns (uint256 orderId);

    /// @notice Sets the caller's allowance of the settlement token to the MarginVault by an EIP-2612 signature. One that was
    /// already used is passed over.
    function permit(uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Lets `operator` act for the caller until `expiry`, or ends that.
    ///
    /// @dev Emits {OperatorSet}.
    ///
    /// Warning: one who may trade can lose an account's margin by bad trades, and can spend what the account's wallet has
    /// allowed the MarginVault on them.
    ///
    /// @param operator Who acts.
    /// @param scope What it may do; `None` ends it.
    /// @param expiry Last second in which it may [s].
    function setOperator(address operator, OperatorScope scope, uint64 expiry) external;

    /// @notice Gives a position to another owner. Its mandate and its waiting orders die; their escrow goes back to the
    /// caller.
    ///
    /// @dev Emits {IPowers-PositionTransferred}.
    ///
    /// Requirements:
    /// - The caller must own the position, which must be open.
    /// - No market order of it must wait.
    ///
    /// @param positionId The position.
    /// @param receiver The new owner; not zero.
    function transferPosition(uint256 positionId, address receiver) external;

    /// @notice Labels a position, for its owner or an operator who may trade. Nothing depends on it.
    ///
    /// @dev Emits {PositionLabelled}.
    function labelPosition(uint256 positionId, bytes32 label) external;

    /// @notice Executes orders at the one price that `proof` shows. Anybody may call.
    ///
    /// @dev Emits {OrderExecuted} or {OrderCancelled} for each order that the price serves; others are passed over.
    /// With a single order the reason for passing it over is thrown.
    ///
    /// Notes:
    /// - All orders of a batch are of the kind of the first: market orders at their own price, trigger orders at spot.
    /// - An order that fails a check is cancelled; the keeper is paid all the same, unless the order's position is gone.
    /// - An exit whose position still waits to be opened is passed over.
    /// - A trigger order whose position has a market order waiting is passed over until that has ended.
    /// - Ether left after verification returns to the caller.
    ///
    /// Requirements:
    /// - `feeReceiver` must not be zero.
    /// - Orders must be sorted by submission time, then id. Ids grow with time, so ascending ids are that order.
    /// - At least one must be executed or cancelled.
    /// - Enough gas must be left for each.
    ///
    /// @param orderIds The orders.
    /// @param proof Price proof for the oracle.
    /// @param feeReceiver Who receives the keeper's fees.
    /// @return executed How many were filled.
    function execute(
        uint256[] calldata orderIds,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 executed);

    /// @notice Ends an order and returns its escrow.
    ///
    /// @dev Emits {OrderCancelled}.
    ///
    /// Notes:
    /// - A trigger order may be cancelled by its account at any time, by anybody once expired or its position is gone.
    /// - In a settled market any order may be cancelled by anybody, for nothing.
    /// - A market order may be cancelled by anybody once its window has passed. It then forfeits its keeper's fee to
    ///   the pool, unless `proof` shows that no price existed for it.
    ///
    /// @param orderId The order.
    /// @param proof Proof of absence for the oracle; empty where none is claimed.
    function cancel(uint256 orderId, bytes calldata proof) external;

    /// @notice Whether `operator` may now act for `account` within `scope`.
    function isOperator(address account, address operator, OperatorScope scope) external view returns (bool);

    /// @notice The stored order; all zero when none waits under this id.
    function order(uint256 orderId) external view returns (Order memory);

    /// @notice Account that an order belongs to; zero when none waits under this id, or its position never opened.
    function accountOf(uint256 orderId) external view returns (address);

    /// @notice How many orders were ever submitted; the newest id.
    function orderCount() external view returns (uint256);

    /// @notice The market's MarginVault.
    function marginVault() external view returns (address);

    /// @notice Delay between an order and the moment whose price it gets [s].
    function executionDelay() external view returns (uint64);

    /// @notice How long a market order waits for a price of its own [s].
    function maxRoundWait() external view returns (uint64);

    /// @notice How long a market order may be executed once its price exists [s].
    function executionWindow() external view returns (uint64);

    /// @notice Added against the account when no price came in time [WAD].
    function latencySpread() external view returns (uint256);

    /// @notice Least fee an order offers to its keeper [WAD quote].
    function minKeeperFee() external view returns (uint256);
}
