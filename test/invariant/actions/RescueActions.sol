// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Mandate} from "../../../contracts/types/Mandate.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {Model} from "../support/Model.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {FillChecks} from "./FillChecks.sol";
import {Frame} from "./HandlerBase.sol";
import {MarginActions, Spot} from "./MarginActions.sol";

/// @dev What a mandate and its wallet held before a call that may have used them.
struct Rescue {
    Mandate mandate;
    uint256 wallet;
}

/// @title RescueActions
/// @notice Keepers rescue positions by their mandates: what leaves a wallet is what its mandate allows, goes into the box
/// but for the keeper's floor, and restores the target.
abstract contract RescueActions is MarginActions, FillChecks {
    using Random for Dice;

    /// @dev Where the contract, which rounds equity down by a few wei, and exact arithmetic may differ [1e-36 quote].
    int256 internal constant _EDGE = 8e18;

    function rescue(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _pickMandated(dice);
        Position memory position = _vault.position(positionId);
        if (dice.chance(70)) _pushPrice((_priceNearMaintenance(dice, position) * (position.size > 0 ? 102 : 98)) / 100);
        Spot memory spot = _pickSpot(dice);
        Fill memory fill = _startClose(positionId, spot);
        address keeper = _pickKeeper(dice);
        fill.keeperWealth = _wealthOf(keeper);
        Rescue memory before = _beforeRescue(position, positionId);

        Frame memory frame = _capture("MarginVault.rescue");
        vm.prank(keeper);
        try _vault.rescue(positionId, spot.proof, keeper) {
            _compare(frame, positionId);
            fill.keeperWealth = _wealthOf(keeper) - fill.keeperWealth;
            _checkTrigger(frame, fill, before.mandate);
            _checkRescued(frame, fill, before);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
            _compare(frame, positionId);
            if (_token.balanceOf(position.owner) != before.wallet) {
                _breach(3, frame.action, "pulled and refused", positionId);
            }
        }
    }

    function _checkTrigger(Frame memory frame, Fill memory fill, Mandate memory mandate) private {
        (int256 gain, int256 equity, int256 required) = _health(frame, fill);
        int256 trigger = (required * int256(uint256(mandate.triggerRatioE6))) / 1e6;
        if (equity >= trigger + _EDGE) _breach(6, frame.action, "rescued above the trigger", fill.positionId);
        if (gain >= int256(uint256(fill.before.reserve)) * 1e18 + _EDGE) {
            _breach(6, frame.action, "rescued at the cap", fill.positionId);
        }
        if (fill.observedAt < frame.market.clock) _breach(16, frame.action, "an older price was used", fill.price);
    }

    function _beforeRescue(Position memory position, uint256 positionId) internal view returns (Rescue memory) {
        return Rescue(_mandates.mandateOf(positionId), _token.balanceOf(position.owner));
    }

    function _checkRescued(Frame memory frame, Fill memory fill, Rescue memory before) internal {
        _count("rescued");
        Position memory rest = _vault.position(fill.positionId);
        Terms memory terms = _termsOf(rest);
        uint256 pulled = (before.wallet - _token.balanceOf(fill.account)) * _scale;
        _checkMandate(frame, fill, before.mandate, pulled);
        if (fill.keeperWealth * _scale != terms.keeperFeeFloor) {
            _breach(14, frame.action, "a rescue did not pay the floor", fill.keeperWealth);
        }
        if (rest.margin + terms.keeperFeeFloor != fill.before.margin + pulled) {
            _breach(3, frame.action, "margin is not what was pulled less the fee", fill.positionId);
        }
        _checkTarget(frame, fill, before.mandate, rest);
        rest.margin = fill.before.margin;
        if (keccak256(abi.encode(rest)) != keccak256(abi.encode(fill.before))) {
            _breach(6, frame.action, "a rescue changed more than margin", fill.positionId);
        }
    }

    function _checkTarget(Frame memory frame, Fill memory fill, Mandate memory mandate, Position memory rest) private {
        int256 gain = Model.gain(rest, fill.price, frame.fundingIndex, frame.borrowIndex);
        int256 required = Model.maintenanceMargin(rest, fill.price, _termsOf(rest));
        int256 target = (required * int256(uint256(mandate.targetRatioE6))) / 1e6;
        int256 equity = Model.equity(rest, gain);
        // The requirement is rounded up before it is multiplied by up to 20, and the pull to a unit of the token.
        int256 slack = _EDGE + 20e18;
        if (equity < target - slack || equity > target + slack + int256(_scale) * 1e18) {
            _breach(6, frame.action, "a rescue missed its target", fill.positionId);
        }
    }

    function _checkMandate(Frame memory frame, Fill memory fill, Mandate memory mandate, uint256 pulled) private {
        Mandate memory rest = _mandates.mandateOf(fill.positionId);
        bool inForce = fill.before.traits & 1 == 1 && mandate.owner == fill.before.owner && _time <= mandate.expiry;
        inForce = inForce && mandate.round == _mandates.roundOf(mandate.owner);
        if (!inForce) _breach(3, frame.action, "pulled without a mandate", fill.positionId);
        if (pulled > mandate.capLeft || rest.capLeft != mandate.capLeft - pulled) {
            _breach(3, frame.action, "pulled beyond the cap", fill.positionId);
        }
        if (_time < uint256(mandate.rescuedAt) + mandate.minInterval || rest.rescuedAt != _time) {
            _breach(3, frame.action, "pulled too soon", fill.positionId);
        }
    }

    /// @dev Mostly one with a mandate.
    function _pickMandated(Dice memory dice) internal view returns (uint256 positionId) {
        uint256 start = dice.below(_openIds.length);
        for (uint256 i; i < _openIds.length; ++i) {
            positionId = _openIds[(start + i) % _openIds.length];
            if (dice.chance(10) || _vault.position(positionId).traits & 1 == 1) return positionId;
        }
    }

    function _startClose(uint256 positionId, Spot memory spot) internal view returns (Fill memory fill) {
        fill.positionId = positionId;
        fill.before = _vault.position(positionId);
        fill.account = fill.before.owner;
        (fill.price, fill.observedAt) = (spot.price, spot.observedAt);
        fill.accountWealth = _wealthOf(fill.account);
        fill.obstructed = _token.isRefused(address(_vault));
    }

    /// @dev Exact gain, equity and maintenance margin before the call [1e-36 quote].
    function _health(
        Frame memory frame,
        Fill memory fill
    ) internal view returns (int256 gain, int256 equity, int256 required) {
        gain = Model.gain(fill.before, fill.price, frame.fundingIndex, frame.borrowIndex);
        equity = Model.equity(fill.before, gain);
        required = Model.maintenanceMargin(fill.before, fill.price, _termsOf(fill.before));
    }

    /// @dev From 1.5% beyond bankruptcy to 4% before it: partial and whole liquidations, and refusals.
    function _priceNearMaintenance(Dice memory dice, Position memory position) internal pure returns (uint256) {
        int256 bankruptcy = ((int256(position.openNotional) - int256(uint256(position.margin))) * 1e18) / position.size;
        if (bankruptcy <= 0) return dice.between(20, 2000) * 1e18;
        uint256 distance = dice.between(0, 55);
        uint256 factor = position.size > 0 ? 985 + distance : 1015 - distance;
        return (uint256(bankruptcy) * factor) / 1000;
    }
}
