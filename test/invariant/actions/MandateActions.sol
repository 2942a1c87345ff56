// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {OperatorScope} from "../../../contracts/interfaces/IOrderBook.sol";
import {Mandate, MandateRequest} from "../../../contracts/types/Mandate.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {Frame} from "./HandlerBase.sol";
import {RescueActions} from "./RescueActions.sol";

/// @title MandateActions
/// @notice Owners give mandates, by call and by signature, and take them back; nothing of a position moves by it.
abstract contract MandateActions is RescueActions {
    using Random for Dice;

    bytes32 private constant _DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant _REQUEST_TYPEHASH = keccak256(
        "RescueMandate(uint256 positionId,uint256 cap,uint256 triggerRatio,uint256 targetRatio,uint256 minInterval,uint256 expiry,uint256 maxKeeperFee,uint256 round,uint256 nonce,uint256 deadline)"
    );

    function setMandate(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        address owner = _vault.position(positionId).owner;
        MandateRequest memory request = _request(dice, positionId);
        _fillWallet(dice, owner, request.cap);
        bool several = dice.chance(20);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(_mandates.revokeAllMandates, ());
        calls[1] = abi.encodeCall(_mandates.setMandate, (request));
        bytes memory call_ = several ? abi.encodeCall(_mandates.multicall, (calls)) : calls[1];
        _change(several ? "MandateBook.multicall" : "MandateBook.setMandate", owner, call_, positionId, request);
    }

    /// @notice Signed by a key, or by an account with code.
    function setMandateBySignature(uint256 seed) external {
        Dice memory dice = _dice(seed);
        (bool found, uint256 positionId, address owner) = _pickSigned(dice);
        if (!found) return;
        MandateRequest memory request = _request(dice, positionId);
        if (dice.chance(15)) request.cap = 0;
        _fillWallet(dice, owner, request.cap);
        _change("MandateBook.setMandateBySignature", STRANGER, _signedCall(dice, owner, request), positionId, request);
    }

    function revokeMandate(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _pickMandated(dice);
        address owner = _vault.position(positionId).owner;
        MandateRequest memory none;
        if (dice.chance(70)) {
            bytes memory call_ = abi.encodeCall(_mandates.revokeMandate, (positionId));
            _change("MandateBook.revokeMandate", owner, call_, positionId, none);
            return;
        }
        uint256 round = _mandates.roundOf(owner);
        Frame memory frame = _capture("MandateBook.revokeAllMandates");
        vm.prank(owner);
        _mandates.revokeAllMandates();
        if (_mandates.roundOf(owner) != round + 1) _breach(3, frame.action, "mandates stand", positionId);
        _done(frame);
        _compare(frame);
    }

    /// @notice By the owner or an operator, out of the owner's wallet.
    function addMarginFor(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        Position memory position = _vault.position(positionId);
        uint256 amountToken = dice.spread(1, 10_000e18 / _scale);
        _give(position.owner, amountToken, address(_mandates));
        address caller = dice.chance(50) ? position.owner : address(0x09E5);
        if (caller != position.owner && dice.chance(60)) {
            vm.prank(position.owner);
            _book.setOperator(caller, OperatorScope.AddMargin, uint64(_time + 1 hours));
        }
        bool allowed = caller == position.owner || _book.isOperator(position.owner, caller, OperatorScope.AddMargin);
        uint256 wallet = _token.balanceOf(position.owner);

        Frame memory frame = _capture("MandateBook.addMarginFor");
        vm.prank(caller);
        try _mandates.addMarginFor(positionId, amountToken) {
            if (!allowed) _breach(3, frame.action, "without permission", positionId);
            uint256 grown = _vault.position(positionId).margin - position.margin;
            if (grown != amountToken * _scale || wallet - _token.balanceOf(position.owner) != amountToken) {
                _breach(3, frame.action, "margin is not what the wallet gave", positionId);
            }
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
            bool worked = !_token.isRefused(address(_vault)) && !_token.isRefused(address(_mandates));
            worked = worked && !_token.isBlocked(position.owner) && !_token.isBlocked(address(_mandates));
            if (allowed && worked) _breach(12, frame.action, "margin was refused", positionId);
        }
        _compare(frame, positionId);
    }

    /// @notice Allowances by signature, for either book; a wrong one changes nothing and fails nothing.
    function permit(uint256 seed) external {
        Dice memory dice = _dice(seed);
        uint256 index = dice.below(2);
        address account = _signer(index);
        bool forMandates = dice.chance(50);
        address spender = forMandates ? address(_mandates) : address(_vault);
        uint256 value = dice.spread(1, type(uint128).max);
        bool good = dice.chance(80);
        uint256 expected = good ? value : _token.allowance(account, spender);
        bytes memory call_ = _permitCall(index, spender, value, _token.nonces(account) + (good ? 0 : 1));

        Frame memory frame = _capture(forMandates ? "MandateBook.permit" : "OrderBook.permit");
        vm.prank(account);
        (bool success, ) = (forMandates ? address(_mandates) : address(_book)).call(call_);
        if (!success || _token.allowance(account, spender) != expected) _breach(3, frame.action, "allowance", value);
        if (good) _done(frame);
        _compare(frame);
    }

    /// @dev A change of a mandate changes the mark in its position and nothing else of it.
    function _change(
        string memory name,
        address caller,
        bytes memory call_,
        uint256 positionId,
        MandateRequest memory request
    ) private {
        Position memory before = _vault.position(positionId);
        uint40 rescuedAt = _mandates.mandateOf(positionId).rescuedAt;
        Frame memory frame = _capture(name);
        vm.prank(caller);
        (bool success, bytes memory reason) = address(_mandates).call(call_);
        if (success) {
            _done(frame);
            _checkGiven(frame, positionId, request, rescuedAt);
        } else {
            _refused(frame.action, reason);
        }
        _checkUntouched(frame, positionId, before, success);
        _compare(frame, positionId);
    }

    function _checkGiven(
        Frame memory frame,
        uint256 positionId,
        MandateRequest memory request,
        uint40 rescuedAt
    ) private {
        Mandate memory mandate = _mandates.mandateOf(positionId);
        if (_vault.position(positionId).traits & 1 != (request.cap == 0 ? 0 : 1)) {
            _breach(3, frame.action, "the mark is wrong", positionId);
        }
        if (mandate.capLeft != request.cap || mandate.rescuedAt != rescuedAt) {
            _breach(3, frame.action, "not the mandate that was given", positionId);
        }
    }

    function _checkUntouched(Frame memory frame, uint256 positionId, Position memory before, bool marked) private {
        Position memory rest = _vault.position(positionId);
        if (marked) rest.traits = before.traits;
        if (keccak256(abi.encode(rest)) != keccak256(abi.encode(before))) {
            _breach(5, frame.action, "a mandate changed a position", positionId);
        }
    }

    /// @dev Now and then for another round, or too late.
    function _signedCall(
        Dice memory dice,
        address owner,
        MandateRequest memory request
    ) private view returns (bytes memory) {
        uint256 nonce = _mandates.nonces(owner);
        uint256 deadline = dice.chance(10) ? _time - 1 : _time + 60;
        uint256 round = _mandates.roundOf(owner) + (dice.chance(10) ? 1 : 0);
        bytes32 structHash = keccak256(abi.encode(_REQUEST_TYPEHASH, request, round, nonce, deadline));
        bytes memory signature = _sign(owner, structHash);
        return abi.encodeCall(_mandates.setMandateBySignature, (request, nonce, deadline, signature));
    }

    function _permitCall(
        uint256 index,
        address spender,
        uint256 value,
        uint256 nonce
    ) private view returns (bytes memory) {
        bytes32 typehash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        );
        bytes32 structHash = keccak256(abi.encode(typehash, _signer(index), spender, value, nonce, _time));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", _token.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keyOf(index), digest);
        return abi.encodeCall(_mandates.permit, (value, _time, v, r, s));
    }

    function _request(Dice memory dice, uint256 positionId) private view returns (MandateRequest memory request) {
        request.positionId = positionId;
        request.cap = dice.chance(60) ? 20_000_000e18 : dice.spread(6e18, 1_000_000e18);
        request.triggerRatio = dice.between(100, 300) * 0.01e18;
        request.targetRatio = request.triggerRatio + dice.between(dice.chance(5) ? 4 : 5, 100) * 0.01e18;
        request.minInterval = dice.between(60, 600);
        request.expiry = _time + dice.between(1, 3 days);
        request.maxKeeperFee = 5e18;
    }

    /// @dev Enough in the wallet mostly, and allowed mostly.
    function _fillWallet(Dice memory dice, address owner, uint256 cap) private {
        _give(owner, dice.chance(70) ? cap / _scale : dice.spread(1, 1_000e18 / _scale), address(_mandates));
        if (dice.chance(80)) return;
        vm.prank(owner);
        _token.approve(address(_mandates), 1e6);
    }

    function _pickSigned(Dice memory dice) private view returns (bool found, uint256 positionId, address owner) {
        if (_openIds.length == 0) return (false, 0, owner);
        uint256 start = dice.below(_openIds.length);
        for (uint256 i; i < _openIds.length; ++i) {
            positionId = _openIds[(start + i) % _openIds.length];
            owner = _vault.position(positionId).owner;
            if (owner == address(_contractOwner) || owner == _signer(0) || owner == _signer(1)) {
                return (true, positionId, owner);
            }
        }
    }

    function _sign(address owner, bytes32 structHash) private view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                _DOMAIN_TYPEHASH,
                keccak256("Bulkhead MandateBook"),
                keccak256("1"),
                block.chainid,
                address(_mandates)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        if (owner == address(_contractOwner)) return abi.encode(digest);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keyOf(owner == _signer(0) ? 0 : 1), digest);
        return abi.encodePacked(r, s, v);
    }
}
