// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {OperatorScope} from "../../../contracts/interfaces/IOrderBook.sol";
import {OrderKind, OrderRequest} from "../../../contracts/types/Order.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {Frame} from "./HandlerBase.sol";
import {OrderActions} from "./OrderActions.sol";

/// @title HandActions
/// @notice Positions change hands, and operators act for owners.
abstract contract HandActions is OrderActions {
    using Random for Dice;

    address private constant _OPERATOR = address(0x09E2);

    function transferPosition(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        Position memory before = _vault.position(positionId);
        address receiver = dice.chance(5) ? address(0) : _pickOwner(dice);
        _ghosts.register(receiver);
        _ghosts.register(_purseOf(receiver));

        Frame memory frame = _capture("OrderBook.transferPosition");
        vm.prank(before.owner);
        try _book.transferPosition(positionId, receiver) {
            Position memory rest = _vault.position(positionId);
            if (rest.owner != receiver || rest.traits != (before.traits | 1) + 1) {
                _breach(3, frame.action, "not handed over", positionId);
            }
            if (_vault.pendingMarketOrders(positionId) != 0) _breach(15, frame.action, "an order waits", positionId);
            (rest.owner, rest.traits) = (before.owner, before.traits);
            if (keccak256(abi.encode(rest)) != keccak256(abi.encode(before))) {
                _breach(5, frame.action, "a transfer changed the box", positionId);
            }
            _ghosts.addPromised(receiver, uint256(before.margin) + before.reserve);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame, positionId);
    }

    function labelPosition(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        address owner = _vault.position(positionId).owner;
        address caller = dice.chance(80) ? owner : _OPERATOR;
        bool allowed = caller == owner || _book.isOperator(owner, caller, OperatorScope.Trade);
        Frame memory frame = _capture("OrderBook.labelPosition");
        vm.prank(caller);
        try _book.labelPosition(positionId, keccak256(abi.encode(seed))) {
            if (!allowed) _breach(3, frame.action, "without permission", positionId);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame);
    }

    function setOperator(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        _setOperator(dice, _vault.position(_openIds[dice.below(_openIds.length)]).owner);
    }

    /// @notice An operator closes a part for an owner, who pays the fee and gets whatever comes out.
    function submitFor(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        Position memory position = _vault.position(positionId);
        if (dice.chance(85)) _setOperator(dice, position.owner);
        OrderRequest memory request = _exit(dice, positionId, position.size, OrderKind.Market);
        bool allowed = _book.isOperator(position.owner, _OPERATOR, OperatorScope.Trade);
        _give(position.owner, request.keeperFee / _scale, address(_vault));
        uint256 submitted;

        Frame memory frame = _capture("OrderBook.submitFor");
        vm.prank(_OPERATOR);
        try _book.submitFor(position.owner, request) returns (uint256 orderId) {
            if (!allowed) _breach(3, frame.action, "without permission", positionId);
            if (_book.accountOf(orderId) != position.owner) _breach(3, frame.action, "not the owner's", orderId);
            _remember(orderId);
            submitted = orderId;
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame);
        if (submitted != 0 && dice.chance(50)) _executeNow(dice, submitted);
        if (_wealthOf(_OPERATOR) != 0) _breach(3, frame.action, "an operator was paid", positionId);
    }

    function _setOperator(Dice memory dice, address owner) private {
        OperatorScope scope = dice.chance(75) ? OperatorScope.Trade : OperatorScope(dice.below(3));
        uint64 expiry = dice.chance(10) ? uint64(_time) : uint64(_time + dice.between(1, 1 days));
        Frame memory frame = _capture("OrderBook.setOperator");
        vm.prank(owner);
        try _book.setOperator(_OPERATOR, scope, expiry) {
            if (_book.isOperator(owner, _OPERATOR, OperatorScope.Trade) != (scope == OperatorScope.Trade)) {
                _breach(3, frame.action, "not the scope that was given", uint256(scope));
            }
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame);
    }
}
