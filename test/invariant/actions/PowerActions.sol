// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Change, IMarketCharter} from "../../../contracts/interfaces/IMarketCharter.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {Frame, HandlerBase} from "./HandlerBase.sol";

/// @title PowerActions
/// @notice Curator and guardian use whatever they have; no open position notices (LAW-13).
abstract contract PowerActions is HandlerBase {
    using Random for Dice;

    bytes32 private constant _CURATOR = "curator";
    bytes32 private constant _GUARDIAN = "guardian";

    error Verdict(bytes32 verdict);

    function usePower(uint256 seed) external {
        Dice memory dice = _dice(seed);
        (string memory name, address caller, bytes memory call_) = _pickPower(dice, _charter.holderOf(_CURATOR));
        uint256 positionId = _openIds.length == 0 ? 0 : _openIds[dice.below(_openIds.length)];
        bytes32 before = _seen(positionId);
        uint256 latest = _charter.latestTermsId();
        bytes32 terms = _termsUpTo(latest);

        Frame memory frame = _capture(name);
        vm.prank(caller);
        (bool success, bytes memory reason) = address(_charter).call(call_);
        if (success) _done(frame);
        else _refused(frame.action, reason);
        if (_seen(positionId) != before) _breach(13, frame.action, "health changed", positionId);
        if (_termsUpTo(latest) != terms) _breach(13, frame.action, "terms changed", latest);
        _checkFingerprints(frame);
        _compare(frame);
    }

    function _checkFingerprints(Frame memory frame) private {
        for (uint256 i; i < frame.positionIds.length; ++i) {
            bytes32 fingerprint = keccak256(abi.encode(_vault.position(frame.positionIds[i])));
            if (fingerprint == frame.fingerprints[i]) continue;
            _breach(13, frame.action, "a position changed", frame.positionIds[i]);
        }
    }

    /// @notice What the vault would do to a position now, told by a revert, so that it does not do it.
    function judge(uint256 positionId) external {
        vm.prank(STRANGER);
        (bool liquidated, bytes memory answer) = address(_vault).call(
            abi.encodeCall(_vault.liquidate, (positionId, "", STRANGER))
        );
        Position memory rest = _vault.position(positionId);
        revert Verdict(keccak256(abi.encode(liquidated, answer, rest, _wealthOf(rest.owner), _wealthOf(STRANGER))));
    }

    function _seen(uint256 positionId) private returns (bytes32) {
        try this.judge(positionId) {
            return 0;
        } catch (bytes memory verdict) {
            return keccak256(verdict);
        }
    }

    function _termsUpTo(uint256 latest) private view returns (bytes32 digest) {
        for (uint256 id = 1; id <= latest; ++id) digest = keccak256(abi.encode(digest, _charter.terms(id)));
    }

    function _pickPower(
        Dice memory dice,
        address curator
    ) private returns (string memory name, address caller, bytes memory call_) {
        uint256 choice = dice.below(16);
        address guardian = _charter.holderOf(_GUARDIAN);
        if (choice < 2) {
            call_ = abi.encodeCall(IMarketCharter.announceTerms, (_newTerms(dice)));
            return ("MarketCharter.announceTerms", curator, call_);
        }
        if (choice < 4) {
            uint256 cap = dice.chance(60) ? dice.between(10_000e18, 20_000e18) : dice.spread(1e18, 40_000e18);
            call_ = abi.encodeCall(IMarketCharter.announceMaxOpenInterest, (cap));
            return ("MarketCharter.announceMaxOpenInterest", curator, call_);
        }
        if (choice == 4) {
            address receiver = dice.chance(10) ? address(0) : address(uint160(0xFEE50 + dice.below(3)));
            _ghosts.register(receiver);
            call_ = abi.encodeCall(IMarketCharter.announceProtocolFeeReceiver, (receiver));
            return ("MarketCharter.announceProtocolFeeReceiver", curator, call_);
        }
        if (choice < 9) return _pickEnactment(dice);
        if (choice == 9) {
            uint256 count = _charter.changeCount();
            call_ = abi.encodeCall(IMarketCharter.withdraw, (dice.chance(70) ? count : dice.between(0, count)));
            return ("MarketCharter.withdraw", curator, call_);
        }
        if (choice == 10) {
            return ("MarketCharter.stopIncreases", guardian, abi.encodeCall(IMarketCharter.stopIncreases, ()));
        }
        if (choice < 14) {
            return ("MarketCharter.resumeIncreases", guardian, abi.encodeCall(IMarketCharter.resumeIncreases, ()));
        }
        return _pickHandOver(dice);
    }

    /// @dev One of the last few changes, mostly when its time has come.
    function _pickEnactment(Dice memory dice) private returns (string memory name, address caller, bytes memory call_) {
        uint256 count = _charter.changeCount();
        uint256 changeId = count < 3 ? dice.between(0, count) : count - dice.below(3);
        Change memory change = _charter.changeOf(changeId);
        if (dice.chance(70)) _advanceTo(change.enactableAt);
        if (dice.chance(3)) _advanceTo(uint256(change.enactableAt) + 14 days);
        return ("MarketCharter.enact", STRANGER, abi.encodeCall(IMarketCharter.enact, (changeId)));
    }

    function _pickHandOver(
        Dice memory dice
    ) private view returns (string memory name, address caller, bytes memory call_) {
        bytes32 role = dice.chance(50) ? _CURATOR : _GUARDIAN;
        address heir = _charter.heirOf(role);
        if (heir != address(0)) {
            return ("MarketCharter.acceptRole", heir, abi.encodeCall(IMarketCharter.acceptRole, (role)));
        }
        heir = address(uint160(0x4E160 + dice.below(3)));
        call_ = abi.encodeCall(IMarketCharter.offerRole, (role, heir));
        return ("MarketCharter.offerRole", _charter.holderOf(role), call_);
    }

    /// @dev Such as a market may well be run with; in one case of six such as the bounds refuse.
    function _newTerms(Dice memory dice) private view returns (Terms memory terms) {
        terms = _charter.terms(1);
        terms.maintenanceMarginRatio = uint64(dice.between(15, 30) * 0.001e18);
        terms.liquidationFeeRatio = uint64(dice.between(2, 8) * 0.001e18);
        terms.liquidationTarget = uint64(dice.between(110, 150) * 0.01e18);
        terms.initialMarginRatio = uint64(dice.between(dice.chance(16) ? 30 : 58, 80) * 0.001e18);
        terms.positionFeeRatio = uint64(dice.between(5, 10) * 0.0001e18);
        terms.minReserveRatio = uint64(dice.between(5, 15) * 0.01e18);
        terms.liquidationCooldown = uint32(dice.between(1, 120));
        terms.keeperFeeFloor = uint96(dice.between(1, 3) * 1e18);
        terms.minMaintenance = uint96(dice.between(6, 20) * 1e18);
        terms.minMargin = uint128(terms.minMaintenance) + 5e18;
        terms.minNotional = 3 * terms.minMargin;
        terms.keeperFeeCap = uint96(dice.between(50, 1_000) * 1e18);
    }
}
