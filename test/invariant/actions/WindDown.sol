// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {OrderMath} from "../../../contracts/libraries/OrderMath.sol";
import {Order, OrderKind, OrderRequest} from "../../../contracts/types/Order.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {vm} from "../support/Vm.sol";
import {OrderActions} from "./OrderActions.sol";

/// @title WindDown
/// @notice Ends a market from whatever state it is in: every order ends, every position closes, everybody is paid.
abstract contract WindDown is OrderActions {
    address private constant _KEEPER = address(0x4EE9E0);

    /// @notice With a working token and oracle nothing can stand in the way.
    function windDown() external {
        vm.warp(_time);
        _advance(10 days);
        _oracle.restart(0);
        _ghosts.register(_KEEPER);
        while (_waitingIds.length != 0) {
            uint256 orderId = _waitingIds[_waitingIds.length - 1];
            if (!_cancel("windDown: cancel", orderId, STRANGER, "")) {
                _breach(15, "windDown", "an order could not be ended", orderId);
                return;
            }
        }
        _pushPrice(_priceNow());
        while (_openIds.length != 0) {
            uint256 positionId = _openIds[_openIds.length - 1];
            _closeWhole(positionId);
            if (_vault.position(positionId).size != 0) {
                _breach(12, "windDown", "a position could not be closed", positionId);
                return;
            }
        }
        _sweep();
        address[] memory accounts = _ghosts.accounts();
        for (uint256 i; i < accounts.length; ++i) _claimAll(accounts[i]);
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
        _submit("windDown: submit", position.owner, request);
        uint256 orderId = _book.orderCount();
        Order memory order = _book.order(orderId);
        _advance(_book.executionDelay());
        _pushPrice(_priceNow());
        _advance(1);
        if (OrderMath.isMarket(order.traits)) _executeOne(orderId, _oracle.roundCount(), _KEEPER, 0);
    }

    function _claimAll(address account) private {
        if (_vault.claimable(account) != 0) {
            vm.prank(account);
            _vault.claim(account);
        }
        if (_pool.claimable(account) != 0) {
            vm.prank(account);
            _pool.claim(account);
        }
    }
}
