// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {IMarginVault} from "../interfaces/IMarginVault.sol";
import {IOrderBook, OperatorScope} from "../interfaces/IOrderBook.sol";
import {OrderMath} from "../libraries/OrderMath.sol";
import {Position} from "../types/Position.sol";
import {OrderStorage} from "./OrderStorage.sol";

/// @title OrderAccounts
/// @notice Who may act for whom, and what a position is called.
abstract contract OrderAccounts is OrderStorage {
    using OrderMath for uint8;

    struct Grant {
        OperatorScope scope;
        uint64 expiry;
    }

    mapping(address account => mapping(address operator => Grant grant)) private _grants;

    /// @inheritdoc IOrderBook
    function setOperator(address operator, OperatorScope scope, uint64 expiry) external {
        require(operator != address(0), ZeroAddress());
        require(scope == OperatorScope.None || expiry > block.timestamp, ExpiryInPast(expiry, block.timestamp));
        _grants[msg.sender][operator] = Grant({scope: scope, expiry: expiry});
        emit OperatorSet(msg.sender, operator, ++_sequence, scope, expiry);
    }

    /// @inheritdoc IOrderBook
    function permit(uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // Whoever shows the signature first does the same, so a failure proves nothing.
        // solhint-disable-next-line no-empty-blocks
        try IERC20Permit(_token).permit(msg.sender, marginVault, value, deadline, v, r, s) {} catch {}
    }

    /// @inheritdoc IOrderBook
    function transferPosition(uint256 positionId, address receiver) external {
        Position memory position = IMarginVault(marginVault).position(positionId);
        require(position.size != 0, PositionNotFound(positionId));
        require(msg.sender == position.owner, NotAuthorized(msg.sender));
        require(receiver != address(0), ZeroAddress());
        _formerOwners[positionId][position.traits >> 1] = msg.sender;
        IMarginVault(marginVault).assignPosition(positionId, receiver);
    }

    /// @inheritdoc IOrderBook
    function labelPosition(uint256 positionId, bytes32 label) external {
        address account =
            _waitsToOpen(positionId)
                ? address(_orders[positionId].subject)
                : IMarginVault(marginVault).position(positionId).owner;
        require(_actsFor(account), NotAuthorized(msg.sender));
        emit PositionLabelled(positionId, account, ++_sequence, label);
    }

    /// @inheritdoc IOrderBook
    function isOperator(address account, address operator, OperatorScope scope) public view returns (bool) {
        Grant memory grant = _grants[account][operator];
        return scope != OperatorScope.None && grant.scope >= scope && block.timestamp <= grant.expiry;
    }

    /// @dev Whether the caller may submit and cancel for `account`.
    function _actsFor(address account) internal view returns (bool) {
        return account == msg.sender || isOperator(account, msg.sender, OperatorScope.Trade);
    }
}
