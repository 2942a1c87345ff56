// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {IMarginVault} from "../interfaces/IMarginVault.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {BatchKind, TradeKind, TradeRequest} from "../interfaces/ITrade.sol";
import {Position} from "../types/Position.sol";
import {Price} from "../types/Price.sol";
import {OrderStorage} from "./OrderStorage.sol";

/// @title OrderSettlement
/// @notice Closing positions that nobody ordered to close and nobody may liquidate: at their cap, or when the oracle died.
abstract contract OrderSettlement is OrderStorage {
    /// @inheritdoc ISettlement
    function settleAtCap(
        uint256 positionId,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 keeperFee) {
        require(feeReceiver != address(0), ZeroAddress());
        IMarginVault vault = IMarginVault(marginVault);
        vault.beginBatch{value: msg.value}(proof, BatchKind.Spot);
        bool closed;
        (closed, keeperFee) = _settle(positionId, TradeKind.Cap);
        require(closed, PositionNotFound(positionId));
        vault.endBatch(feeReceiver, keeperFee);
        _returnEther();
    }

    /// @inheritdoc ISettlement
    function closeSettled(uint256[] calldata positionIds, address feeReceiver) external returns (uint256 keeperFee) {
        require(feeReceiver != address(0), ZeroAddress());
        IMarginVault vault = IMarginVault(marginVault);
        vault.beginBatch("", BatchKind.Last);
        bool any;
        for (uint256 i; i < positionIds.length; ++i) {
            (bool closed, uint256 fee) = _settle(positionIds[i], TradeKind.Settlement);
            any = any || closed;
            keeperFee += fee;
        }
        require(any, NothingSettled(positionIds.length));
        vault.endBatch(feeReceiver, keeperFee);
    }

    /// @inheritdoc ISettlement
    function poke(bytes calldata proof) external payable {
        Price memory price = IMarginVault(marginVault).beginBatch{value: msg.value}(proof, BatchKind.Spot);
        emit PriceShown(++_sequence, price.value, price.observedAt);
        IMarginVault(marginVault).endBatch(msg.sender, 0);
        _returnEther();
    }

    function _returnEther() internal {
        uint256 surplus = msg.value == 0 ? 0 : address(this).balance;
        if (surplus != 0) Address.sendValue(payable(msg.sender), surplus);
    }

    /// @dev Closes the whole of a position; one that is closed already is passed over, for whoever was first must not fail
    /// the rest.
    function _settle(uint256 positionId, TradeKind kind) private returns (bool closed, uint256 keeperFee) {
        Position memory position = IMarginVault(marginVault).position(positionId);
        if (position.size == 0) return (false, 0);
        TradeRequest memory request;
        request.kind = kind;
        request.positionId = positionId;
        request.sizeDelta = -int256(position.size);
        request.reduceOnly = true;
        // Any price will do: the trader has nothing more to win, or the market is over.
        request.acceptablePrice = position.size > 0 ? 0 : type(uint256).max;
        uint256 sequence;
        (keeperFee, sequence) = IMarginVault(marginVault).trade(request);
        emit PositionSettled(positionId, msg.sender, sequence, kind, keeperFee);
        return (true, keeperFee);
    }
}
