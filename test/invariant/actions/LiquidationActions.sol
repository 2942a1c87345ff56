// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {ICommonErrors} from "../../../contracts/interfaces/ICommonErrors.sol";
import {ILiquidation} from "../../../contracts/interfaces/ILiquidation.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {Box, Model} from "../support/Model.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {Frame} from "./HandlerBase.sol";
import {Spot} from "./MarginActions.sol";
import {Rescue, RescueActions} from "./RescueActions.sol";

/// @title LiquidationActions
/// @notice Keepers liquidate and settle, and the box decides who gets what (LAW-6, LAW-14).
abstract contract LiquidationActions is RescueActions {
    using Random for Dice;

    function liquidate(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        if (dice.chance(60)) _pushPrice(_priceNearMaintenance(dice, _vault.position(positionId)));
        Spot memory spot = _pickSpot(dice);
        Fill memory fill = _startClose(positionId, spot);
        address keeper = _pickKeeper(dice);
        fill.keeperWealth = _wealthOf(keeper);
        Rescue memory rescue_ = _beforeRescue(fill.before, positionId);

        Frame memory frame = _capture("MarginVault.liquidate");
        vm.prank(keeper);
        try _vault.liquidate(positionId, spot.proof, keeper) {
            int256 net = _compare(frame, positionId);
            _ghosts.addPoolNet(positionId, net);
            fill.keeperWealth = _wealthOf(keeper) - fill.keeperWealth;
            _checkRefusable(frame, fill);
            if (_vault.position(positionId).size == fill.before.size) _checkRescued(frame, fill, rescue_);
            else _checkLiquidated(frame, fill);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
            _checkRefusal(frame, fill, reason);
            _compare(frame);
        }
    }

    /// @notice Any list: twice the same, ids that never opened, healthy ones.
    function liquidateBatch(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256[] memory positionIds = _pickPositions(dice);
        if (dice.chance(60)) _pushPrice(_priceNearMaintenance(dice, _vault.position(positionIds[0])));
        Spot memory spot = _pickSpot(dice);
        Position[] memory before = new Position[](positionIds.length);
        for (uint256 i; i < positionIds.length; ++i) before[i] = _vault.position(positionIds[i]);
        address keeper = _pickKeeper(dice);
        uint256 wealthBefore = _wealthOf(keeper);

        Frame memory frame = _capture("MarginVault.liquidateBatch");
        vm.prank(keeper);
        try _vault.liquidateBatch(positionIds, spot.proof, keeper) returns (uint256 liquidated, uint256) {
            _compare(frame, positionIds, 0, false);
            if (spot.observedAt < frame.market.clock) _breach(16, frame.action, "an older price was used", spot.price);
            uint256 earned = (_wealthOf(keeper) - wealthBefore) * _scale;
            if (earned < liquidated * _leastFloor(before) && !_token.isRefused(address(_vault))) {
                _breach(14, frame.action, "the keepers' floor was not paid", earned);
            }
            for (uint256 i; i < positionIds.length; ++i) _checkShrank(frame, positionIds[i], before[i]);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
            _compare(frame);
        }
    }

    function settleAtCap(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256 positionId = _openIds[dice.below(_openIds.length)];
        if (dice.chance(70)) _pushPrice(_priceNearCap(dice, _vault.position(positionId)));
        Spot memory spot = _pickSpot(dice);
        Fill memory fill = _startClose(positionId, spot);
        address keeper = _pickKeeper(dice);
        fill.keeperWealth = _wealthOf(keeper);

        Frame memory frame = _capture("OrderBook.settleAtCap");
        vm.prank(keeper);
        try _book.settleAtCap(positionId, spot.proof, keeper) {
            int256 net = _compare(frame, positionId);
            _ghosts.addPoolNet(positionId, net);
            fill.keeperWealth = _wealthOf(keeper) - fill.keeperWealth;
            _checkSettled(frame, fill);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
            _compare(frame);
        }
    }

    /// @dev LAW-6 before: nobody at or above maintenance, and nobody at the cap, is liquidated.
    function _checkRefusable(Frame memory frame, Fill memory fill) private {
        (int256 gain, int256 equity, int256 required) = _health(frame, fill);
        if (equity >= required + _EDGE) _breach(6, frame.action, "a healthy position was liquidated", fill.positionId);
        if (gain >= int256(uint256(fill.before.reserve)) * 1e18 + _EDGE) {
            _breach(6, frame.action, "a capped position was liquidated", fill.positionId);
        }
        if (fill.observedAt < frame.market.clock) _breach(16, frame.action, "an older price was used", fill.price);
        uint64 upSince = _oracle.upSince();
        if (upSince != 0 && _time < upSince + _sequencerGrace) {
            _breach(6, frame.action, "liquidated within the sequencer's grace", fill.positionId);
        }
    }

    /// @dev LAW-6 and LAW-14 after.
    function _checkLiquidated(Frame memory frame, Fill memory fill) private {
        _checkShrank(frame, fill.positionId, fill.before);
        Position memory rest = _vault.position(fill.positionId);
        Terms memory terms = _termsOf(fill.before);
        uint256 earned = fill.keeperWealth * _scale;
        if (earned < terms.keeperFeeFloor && !fill.obstructed) {
            _breach(14, frame.action, "the keeper's floor was not paid", earned);
        }
        if (earned > terms.keeperFeeCap) _breach(14, frame.action, "the keeper was paid beyond the cap", earned);
        int256 delta = int256(rest.size) - fill.before.size;
        uint256 byRatio = (((Model.abs(delta) * fill.price) / 1e18) * terms.liquidationFeeRatio) / 1e18;
        uint256 fee = byRatio > terms.keeperFeeFloor ? byRatio : terms.keeperFeeFloor;
        int256 fillE36 = Model.fillPrice(fill.price, Model.skew(frame.market), delta, _skewScale);
        _checkBox(frame, fill, fillE36, fee);
        _checkSource(frame, fill, delta, fillE36);
        if (rest.size == 0) {
            _count("liquidate: whole");
            return;
        }
        _count("liquidate: in part");
        int256 gain = Model.gain(rest, fill.price, frame.fundingIndex, frame.borrowIndex);
        int256 target =
            (Model.maintenanceMargin(rest, fill.price, terms) * int256(uint256(terms.liquidationTarget))) / 1e18;
        if (Model.equity(rest, gain) < target && !fill.obstructed) {
            _breach(6, frame.action, "a partial liquidation missed its target", fill.positionId);
        }
    }

    /// @dev The keeper is paid from margin, gain included; from the reserve no more than what is missing to the floor.
    function _checkSource(Frame memory frame, Fill memory fill, int256 delta, int256 fillE36) private {
        Terms memory terms = _termsOf(fill.before);
        Box memory box = Model.close(fill.before, Model.abs(delta), fillE36, frame.fundingIndex, frame.borrowIndex);
        int256 floor = int256(uint256(terms.keeperFeeFloor)) * 1e18;
        int256 most = (box.margin > floor ? box.margin : floor) + int256(_scale) * 1e18;
        uint256 earned = fill.keeperWealth * _scale;
        if (int256(earned) * 1e18 > most) _breach(14, frame.action, "the reserve paid the keeper", earned);
    }

    /// @dev A refusal must be true: with a working oracle nobody below maintenance escapes.
    function _checkRefusal(Frame memory frame, Fill memory fill, bytes memory reason) private {
        (int256 gain, int256 equity, int256 required) = _health(frame, fill);
        bytes4 selector = bytes4(reason);
        bool truthful = true;
        if (selector == ILiquidation.PositionHealthy.selector) {
            truthful = equity >= required - _EDGE;
        } else if (selector == ILiquidation.PositionCapped.selector) {
            truthful = gain >= int256(uint256(fill.before.reserve)) * 1e18 - _EDGE;
        } else if (selector == ILiquidation.CoolingOff.selector) {
            truthful = fill.before.cooldown != 0 && 2 * equity >= required - _EDGE;
        } else if (selector == ICommonErrors.PriceNotNewEnough.selector) {
            truthful = fill.observedAt < frame.market.clock;
        } else if (selector == ICommonErrors.SequencerGracePeriod.selector) {
            truthful = _time < _oracle.upSince() + _sequencerGrace;
        } else if (selector == ICommonErrors.PriceForClosingOnly.selector) {
            truthful = _oracle.closingOnly();
        } else if (selector == ICommonErrors.MarketIsSettled.selector) {
            truthful = _vault.isSettled();
        } else {
            truthful = _oracle.isOut();
        }
        if (!truthful) _breach(6, frame.action, "refused for no reason", uint32(selector));
    }

    /// @dev The owner gets margin and reserve less the floor, up to the token's rounding.
    function _checkSettled(Frame memory frame, Fill memory fill) private {
        Terms memory terms = _termsOf(fill.before);
        int256 fillE36 = Model.fillPrice(fill.price, Model.skew(frame.market), -int256(fill.before.size), _skewScale);
        _checkBox(frame, fill, fillE36, terms.keeperFeeFloor);
        if (fill.observedAt < frame.market.clock) _breach(16, frame.action, "an older price was used", fill.price);
        if (_vault.position(fill.positionId).size != 0) _breach(6, frame.action, "not closed", fill.positionId);
        if (fill.keeperWealth * _scale < terms.keeperFeeFloor && !fill.obstructed) {
            _breach(14, frame.action, "the keeper's floor was not paid", fill.keeperWealth);
        }
        uint256 most = uint256(fill.before.margin) + fill.before.reserve - terms.keeperFeeFloor;
        uint256 paid = (_wealthOf(fill.account) - fill.accountWealth) * _scale;
        if (paid > most && !fill.obstructed) _breach(7, frame.action, "more than margin and reserve", paid);
        if (paid + 3 * _scale < most) _breach(7, frame.action, "less than margin and reserve", paid);
    }

    function _checkShrank(Frame memory frame, uint256 positionId, Position memory before) private {
        int256 size = _vault.position(positionId).size;
        bool sameSide = size == 0 || (size > 0) == (before.size > 0);
        if (!sameSide || Model.abs(size) > Model.abs(before.size)) {
            _breach(6, frame.action, "a size grew in a liquidation", positionId);
        }
    }

    function _pickPositions(Dice memory dice) private view returns (uint256[] memory positionIds) {
        positionIds = new uint256[](dice.between(2, 6));
        for (uint256 i; i < positionIds.length; ++i) positionIds[i] = _openIds[dice.below(_openIds.length)];
        if (dice.chance(20)) positionIds[1] = _book.orderCount() + 1;
    }

    function _leastFloor(Position[] memory before) private view returns (uint256 least) {
        least = type(uint256).max;
        for (uint256 i; i < before.length; ++i) {
            if (before[i].size == 0) continue;
            uint256 floor = _termsOf(before[i]).keeperFeeFloor;
            if (floor < least) least = floor;
        }
    }

    /// @dev From 1% before the cap to 4% beyond it.
    function _priceNearCap(Dice memory dice, Position memory position) private pure returns (uint256) {
        int256 cap = ((int256(position.openNotional) + int256(uint256(position.reserve))) * 1e18) / position.size;
        if (cap <= 0) return 20e18;
        uint256 distance = dice.between(0, 50);
        return (uint256(cap) * (position.size > 0 ? 990 + distance : 1010 - distance)) / 1000;
    }
}
