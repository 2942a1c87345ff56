// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {ICommonErrors} from "../interfaces/ICommonErrors.sol";
import {IMarginVault} from "../interfaces/IMarginVault.sol";
import {IMarketFactory, MarketAddresses} from "../interfaces/IMarketFactory.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {IOrderBook} from "../interfaces/IOrderBook.sol";
import {OrderMath} from "../libraries/OrderMath.sol";
import {ParameterBounds} from "../libraries/ParameterBounds.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {MarketParameters, OrderParameters} from "../types/MarketParameters.sol";
import {Order} from "../types/Order.sol";
import {Position} from "../types/Position.sol";

/// @title OrderStorage
/// @notice Every immutable and storage variable of an OrderBook, and the bounds of what it is created with.
abstract contract OrderStorage is IOrderBook, ICommonErrors {
    using OrderMath for Order;
    using OrderMath for uint8;

    /// @inheritdoc IOrderBook
    address public immutable marginVault;
    /// @inheritdoc IOrderBook
    uint64 public immutable executionDelay;
    /// @inheritdoc IOrderBook
    uint64 public immutable maxRoundWait;
    /// @inheritdoc IOrderBook
    uint64 public immutable executionWindow;
    /// @inheritdoc IOrderBook
    uint256 public immutable latencySpread;
    /// @inheritdoc IOrderBook
    uint256 public immutable minKeeperFee;

    address internal immutable _oracle;
    address internal immutable _token;
    /// @dev WAD units in one token unit.
    uint256 internal immutable _tokenScale;
    /// @dev Smallest part of a keeper's fee that both an order and the token can hold [WAD quote].
    uint256 internal immutable _feeStep;

    /// @dev Newest id. Shares a slot with `_sequence`.
    uint64 internal _orderCount;
    /// @dev Number of the newest log.
    uint64 internal _sequence;
    mapping(uint256 orderId => Order order) internal _orders;
    /// @dev Who owned a position before its next transfer, for the orders that died with it.
    mapping(uint256 positionId => mapping(uint256 transfers => address owner)) internal _formerOwners;

    constructor() {
        (MarketParameters memory parameters, MarketAddresses memory addresses) = IMarketFactory(msg.sender)
            .deployment();
        OrderParameters memory orders = parameters.orders;
        uint256 scale = TokenScale.scaleOf(IERC20Metadata(parameters.collateralToken).decimals());
        // Both are powers of ten, so the larger is a multiple of the smaller.
        uint256 step = scale > OrderMath.FEE_STEP ? scale : OrderMath.FEE_STEP;
        uint256 leastSpread = IOracle(parameters.oracle).deviationThreshold() + parameters.terms.positionFeeRatio;

        ParameterBounds.check("executionDelay", orders.executionDelay, 1, 10 minutes);
        ParameterBounds.check("maxRoundWait", orders.maxRoundWait, 1, 1 hours);
        ParameterBounds.check("executionWindow", orders.executionWindow, 10, 10 minutes);
        ParameterBounds.check("latencySpread", orders.latencySpread, leastSpread, 0.1e18);
        ParameterBounds.check("minKeeperFee", orders.minKeeperFee, step, OrderMath.MAX_FEE);
        ParameterBounds.check("minKeeperFee rounding", orders.minKeeperFee % step, 0, 0);

        marginVault = addresses.marginVault;
        _oracle = parameters.oracle;
        _token = parameters.collateralToken;
        _tokenScale = scale;
        _feeStep = step;
        executionDelay = orders.executionDelay;
        maxRoundWait = orders.maxRoundWait;
        executionWindow = orders.executionWindow;
        latencySpread = orders.latencySpread;
        minKeeperFee = orders.minKeeperFee;
    }

    /// @inheritdoc IOrderBook
    function order(uint256 orderId) external view returns (Order memory) {
        return _orders[orderId];
    }

    /// @inheritdoc IOrderBook
    function accountOf(uint256 orderId) external view returns (address) {
        Order memory order_ = _orders[orderId];
        return order_.submittedAt == 0 ? address(0) : _accountOf(order_);
    }

    /// @inheritdoc IOrderBook
    function orderCount() external view returns (uint256) {
        return _orderCount;
    }

    /// @dev Who is refunded: whoever owned the position when the order was submitted. The vault keeps the owner of a closed
    /// position on record for the sake of its orders.
    function _accountOf(Order memory order_) internal view returns (address) {
        if (order_.traits.opens()) return address(order_.subject);
        uint256 positionId = order_.positionOf();
        if (_waitsToOpen(positionId)) return address(_orders[positionId].subject);
        Position memory position = IMarginVault(marginVault).position(positionId);
        uint256 transfers = order_.transfersOf();
        return position.traits >> 1 == transfers ? position.owner : _formerOwners[positionId][transfers];
    }

    /// @dev Whether a position is about to be opened by an order that still waits.
    function _waitsToOpen(uint256 positionId) internal view returns (bool) {
        return _orders[positionId].traits.opens();
    }
}
