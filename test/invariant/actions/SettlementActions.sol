// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {DeadOracleNotice} from "../../../contracts/interfaces/IMarketCharter.sol";
import {Market, SETTLED} from "../../../contracts/types/Market.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {Frame} from "./HandlerBase.sol";
import {Spot} from "./MarginActions.sol";
import {RescueActions} from "./RescueActions.sol";

/// @title SettlementActions
/// @notice Prices shown for their own sake, oracles declared dead, and what is closed at the last price then.
abstract contract SettlementActions is RescueActions {
    using Random for Dice;

    /// @dev Steps that a market lives at least.
    uint256 private constant _YOUTH = 120;

    /// @dev Whether this market may be settled.
    bool private immutable _mortal;

    constructor(bool mortal) {
        _mortal = mortal;
    }

    function poke(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (dice.chance(50)) _pushPrice((_priceNow() * dice.between(990, 1010)) / 1000);
        Spot memory spot = _pickSpot(dice);
        address keeper = _pickKeeper(dice);
        uint256 value = dice.chance(20) ? 5 : 0;
        uint256 ether_ = keeper.balance;

        Frame memory frame = _capture("OrderBook.poke");
        vm.prank(keeper);
        try _book.poke{value: value}(spot.proof) {
            Market memory market = _vault.market();
            if (market.clock != spot.observedAt || market.lastPrice != spot.price) {
                _breach(16, frame.action, "the price shown is not the last", spot.price);
            }
            if (spot.observedAt < frame.market.clock) _breach(16, frame.action, "an older price was used", spot.price);
            if (value != 0 && ether_ - keeper.balance != _oracle.FEE_WEI()) {
                _breach(3, frame.action, "surplus ether was not returned", ether_ - keeper.balance);
            }
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame);
    }

    /// @notice Mostly too early; a week without a price comes by itself now and then, and is awaited at times.
    function declareOracleDead(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (dice.chance(_mortal ? 50 : 10)) _advance(dice.between(7 days, 8 days));
        _declare();
    }

    /// @notice Where the market is to live on it is tried while the notice runs, or where none stands.
    function settle(uint256 seed) external {
        Dice memory dice = _dice(seed);
        bool may = _mortal && _steps > _YOUTH;
        if (may && dice.chance(80)) {
            _advance(8 days);
            _declare();
        }
        DeadOracleNotice memory notice = _charter.deadOracleNotice();
        if (may && notice.stands && dice.chance(90)) _advanceTo(notice.settleableAt);
        if (!may && notice.stands && _time >= notice.settleableAt) return;
        _settle(notice);
    }

    function _declare() private {
        uint256 clock = _vault.market().clock;
        bool stood = _charter.deadOracleNotice().stands;
        Frame memory frame = _capture("MarketCharter.declareOracleDead");
        vm.prank(STRANGER);
        try _charter.declareOracleDead() {
            if (stood || _time < clock + 7 days) _breach(12, frame.action, "declared dead alive", clock);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame);
    }

    function _settle(DeadOracleNotice memory notice) private {
        Market memory before = _vault.market();

        Frame memory frame = _capture("MarketCharter.settle");
        vm.prank(STRANGER);
        try _charter.settle() {
            Market memory market = _vault.market();
            if (!notice.stands || _time < notice.settleableAt) _breach(12, frame.action, "settled too soon", _time);
            bool still = market.clock == SETTLED && market.fundingVelocity == 0 && market.borrowRate == 0;
            if (!still || market.lastPrice != before.lastPrice) _breach(16, frame.action, "not at rest", market.clock);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame);
    }

    /// @dev A market that may die has died when it ends.
    function _dieAtLast() internal {
        if (!_mortal || _vault.isSettled()) return;
        _advance(8 days);
        _declare();
        DeadOracleNotice memory notice = _charter.deadOracleNotice();
        _advanceTo(notice.settleableAt);
        _settle(notice);
        if (!_vault.isSettled()) _breach(12, "windDown", "a dead market could not be settled", _time);
    }

    function closeSettled(uint256 seed) external {
        Dice memory dice = _dice(seed);
        if (_openIds.length == 0) return;
        uint256[] memory positionIds = new uint256[](dice.chance(60) ? 1 : dice.between(2, 4));
        for (uint256 i; i < positionIds.length; ++i) positionIds[i] = _openIds[dice.below(_openIds.length)];
        _closeSettled(positionIds, _pickKeeper(dice));
    }

    /// @dev At the last price, one for all and without skew; each pays its keeper the floor out of its own box.
    function _closeSettled(uint256[] memory positionIds, address keeper) internal {
        Market memory market = _vault.market();
        Fill memory fill = _startClose(positionIds[0], Spot(market.lastPrice, SETTLED, ""));
        fill.keeperWealth = _wealthOf(keeper);
        Frame memory frame = _capture("OrderBook.closeSettled");
        vm.prank(keeper);
        try _book.closeSettled(positionIds, keeper) {
            _compare(frame, positionIds, 0, false);
            if (market.clock != SETTLED) _breach(12, frame.action, "closed while the market lives", positionIds[0]);
            uint256 earned = (_wealthOf(keeper) - fill.keeperWealth) * _scale;
            uint256 floor = _termsOf(fill.before).keeperFeeFloor;
            if (earned < floor && !fill.obstructed) _breach(14, frame.action, "the floor was not paid", earned);
            if (positionIds.length == 1) _checkBox(frame, fill, int256(fill.price) * 1e18, floor);
            for (uint256 i; i < positionIds.length; ++i) {
                Position memory rest = _vault.position(positionIds[i]);
                if (rest.size != 0) _breach(12, frame.action, "not closed", positionIds[i]);
            }
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
            if (market.clock == SETTLED) _breach(12, frame.action, "refused after settlement", positionIds[0]);
            _compare(frame);
        }
    }
}
