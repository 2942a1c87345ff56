// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {OrderMath} from "../../../contracts/libraries/OrderMath.sol";
import {Order, OrderKind, OrderRequest} from "../../../contracts/types/Order.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Frame} from "./HandlerBase.sol";
import {vm} from "../support/Vm.sol";
import {HandActions} from "./HandActions.sol";
import {SettlementActions} from "./SettlementActions.sol";

/// @title WindDown
/// @notice Ends a market from whatever state it is in: every order ends, every position closes, everybody is paid.
abstract contract WindDown is HandActions, SettlementActions {
    address private constant _KEEPER = address(0x4EE9E0);

    /// @notice With a working token and oracle nothing can stand in the way.
    function windDown() external {
        vm.warp(_time);
        _advance(10 days);
        _oracle.restart(0);
        _ghosts.register(_KEEPER);
        while (_waitingIds.length != 0) {
            uint256 orderId = _waitingIds[_waitingIds.length - 1];
            if (!_cancel(orderId, STRANGER, "")) {
                _breach(15, "windDown", "an order could not be ended", orderId);
                return;
            }
        }
        _dieAtLast();
        _pushPrice(_priceNow());
        while (_openIds.length != 0) {
            uint256 positionId = _openIds[_openIds.length - 1];
            if (_vault.isSettled()) _closeSettled(_listOf(positionId), _KEEPER);
            else _closeWhole(positionId);
            if (_vault.position(positionId).size != 0) {
                _breach(12, "windDown", "a position could not be closed", positionId);
                return;
            }
        }
        _sweep();
        if (_vault.isSettled()) _fulfillAll();
        address[] memory accounts = _ghosts.accounts();
        for (uint256 i; i < accounts.length; ++i) _claimAll(accounts[i]);
    }

    /// @dev A settled market gives back deposits, and redeems what its cash is worth.
    function _fulfillAll() private {
        (uint256 first, ) = _pool.depositQueue();
        if (first != 0) {
            Frame memory frame = _capture("LiquidityVault.fulfillDeposits");
            _pool.fulfillDeposits(type(uint256).max, "", _KEEPER);
            (first, ) = _pool.depositQueue();
            if (first != 0) _breach(12, "windDown", "a deposit was kept", first);
            _done(frame);
            _compare(frame, new uint256[](0), 0, true);
        }
        (first, ) = _pool.redeemQueue();
        if (first == 0 || _pool.cash() < 2 * _pool.parameters().requestFeeToken * _scale) return;
        Frame memory redeems = _capture("LiquidityVault.fulfillRedeems");
        _pool.fulfillRedeems(type(uint256).max, "", _KEEPER);
        (first, ) = _pool.redeemQueue();
        if (first != 0) _breach(12, "windDown", "a redeem was kept", first);
        _done(redeems);
        _compare(redeems, new uint256[](0), 0, true);
    }

    function _closeWhole(uint256 positionId) private {
        Position memory position = _vault.position(positionId);
        OrderRequest memory request;
        request.positionId = positionId;
        request.kind = OrderKind.Market;
        request.reduceOnly = true;
        request.termsId = 1;
        request.sizeDelta = -int256(position.size);
        request.acceptablePrice = request.sizeDelta > 0 ? type(uint96).max : 0;
        request.keeperFee = 1e18;
        _submit("submit: to wind down", position.owner, request);
        uint256 orderId = _book.orderCount();
        Order memory order = _book.order(orderId);
        _advance(_book.executionDelay());
        _pushPrice(_priceNow());
        _advance(1);
        if (OrderMath.isMarket(order.traits)) _executeOne(orderId, _oracle.roundCount(), _KEEPER, 0);
    }

    function _listOf(uint256 positionId) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = positionId;
    }

    function _claimAll(address account) private {
        if (_vault.claimable(account) != 0) {
            Frame memory frame = _capture("MarginVault.claim");
            vm.prank(account);
            _vault.claim(account);
            _done(frame);
        }
        if (_pool.claimable(account) != 0) {
            Frame memory frame = _capture("LiquidityVault.claim");
            vm.prank(account);
            _pool.claim(account);
            _done(frame);
        }
    }
}
