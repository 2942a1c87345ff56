// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {MarketParameters} from "../../contracts/types/MarketParameters.sol";
import {Position} from "../../contracts/types/Position.sol";
import {Model} from "./support/Model.sol";
import {Play} from "./support/Play.sol";
import {Dice, Random} from "./support/Random.sol";
import {vm} from "./support/Vm.sol";

/// @title Profit
/// @notice LAW-10: what one actor can do at one price never pays, nor do legs held through one gap within their
/// margins. The actor is its own keeper in all of it, so fees to keepers are no loss to it.
abstract contract Profit is Play {
    using Random for Dice;

    function testFuzz_LAW_10_oneActorAtOnePriceNeverGains(uint256 seed) external {
        Dice memory dice = Random.dice(seed, _decimals());
        _setPrice(dice.spread(50e18, 8_000e18));
        _skewByOthers(dice);
        uint256 steps = dice.between(2, 10);
        for (uint256 i; i < steps; ++i) _act(dice);
        _closeAll(dice);
        require(_profit() <= 0, "LAW-10: paid at one price");
    }

    function testFuzz_LAW_10_legsThroughOneGapNeverGainMoreThanTheirNetSize(uint256 seed) external {
        Dice memory dice = Random.dice(seed, _decimals());
        _skewByOthers(dice);
        int256 skewOfOthers = Model.skew(_world.vault.market());
        uint256 legs = dice.between(2, 8);
        for (uint256 i; i < legs; ++i) _openLeg(dice);
        int256 net = Model.skew(_world.vault.market()) - skewOfOthers;

        uint256 before = _price;
        _setPrice(_gapWithinMargins(dice));
        uint256 steps = dice.between(0, 10);
        for (uint256 i; i < steps; ++i) _unwind(dice);
        _closeAll(dice);

        // Opening costs the area under the skew at one price, closing returns it at the other (§5); between the two the
        // actor holds `net`. Everything else is fees.
        int256 moved = int256(_price) - int256(before);
        int256 skewAll = skewOfOthers + net;
        int256 area = skewAll * skewAll - skewOfOthers * skewOfOthers;
        int256 most = moved * net + (moved * area) / (2 * int256(_world.skewScale));
        require(
            _profit() * int256(_world.scale) * 1e18 <= (most < 0 ? int256(0) : most),
            "LAW-10: a gap paid too much"
        );
    }

    function testFuzz_LAW_10_oppositeLegsThroughOneGapNeverGain(uint256 seed) external {
        Dice memory dice = Random.dice(seed, _decimals());
        _skewByOthers(dice);
        uint256 room = _world.maxOpenInterest - 15_000e18;
        uint256 pairs = dice.between(1, 4);
        for (uint256 i; i < pairs; ++i) {
            uint256 size = dice.spread(0.5e18, room / pairs);
            uint256 notional = (size * _price) / 1e18;
            bool longFirst = dice.chance(50);
            _openSized(dice, longFirst ? int256(size) : -int256(size), notional);
            _openSized(dice, longFirst ? -int256(size) : int256(size), notional);
        }
        _setPrice(_gapWithinMargins(dice));
        uint256 steps = dice.between(0, 10);
        for (uint256 i; i < steps; ++i) _unwind(dice);
        _closeAll(dice);
        require(_profit() <= 0, "LAW-10: a straddle paid");
    }

    function testFuzz_LAW_10_sandwichingALiquidationNeverGains(uint256 seed) external {
        Dice memory dice = Random.dice(seed, _decimals());
        bool long = dice.chance(50);
        uint256 size = dice.spread(100e18, 19_000e18);
        uint256 notional = (size * _price) / 1e18;
        uint256 victim = _open(OTHER, long ? int256(size) : -int256(size), notional / 20, notional / 9);
        // Between 1% and 6% against the victim: from partial liquidations to bankruptcy.
        uint256 gap = dice.between(20, 60);
        _setPrice((_price * (long ? 1000 - gap : 1000 + gap)) / 1000);

        if (dice.chance(80)) _openLeg(dice);
        _tryLiquidate(victim, address(0x4EE9E4));
        if (dice.chance(30)) _openLeg(dice);
        _closeAll(dice);
        require(_profit() <= 0, "LAW-10: a sandwich paid");
    }

    /// @dev Borrowing at the least rate and no funding: what others pay an actor for balancing the market is earned.
    function _parameters(
        address token,
        address oracle,
        uint256 scale
    ) internal view override returns (MarketParameters memory parameters) {
        parameters = super._parameters(token, oracle, scale);
        parameters.curves.maxFundingRate = 0;
    }

    function _openSized(Dice memory dice, int256 size, uint256 notional) private {
        uint256 margin = notional / dice.between(2, 24) + 20e18;
        uint256 reserve = (notional * dice.between(0.101e18, 0.5e18)) / 1e18 + 1e18;
        uint256 positionId = _open(ACTOR, size, margin, reserve);
        if (_sizeOf(positionId) != 0) _legs.push(positionId);
    }

    function _act(Dice memory dice) private {
        uint256 choice = dice.below(10);
        if (choice < 5 || _legs.length == 0) _openLeg(dice);
        else if (choice < 6) _removeMargin(dice);
        else _unwind(dice);
    }

    /// @dev Closes a part or all of a leg, liquidates it or settles it, as far as the market lets it.
    function _unwind(Dice memory dice) private {
        if (_legs.length == 0) return;
        uint256 positionId = _legs[dice.below(_legs.length)];
        uint256 size = _sizeOf(positionId);
        if (size == 0) return;
        uint256 choice = dice.below(4);
        if (choice == 0) _close(ACTOR, positionId, dice.spread(1, size));
        else if (choice == 1) _close(ACTOR, positionId, size);
        else if (choice == 2) _tryLiquidate(positionId, ACTOR);
        else _trySettle(positionId);
    }

    function _removeMargin(Dice memory dice) private {
        uint256 positionId = _legs[dice.below(_legs.length)];
        Position memory position = _world.vault.position(positionId);
        if (position.size == 0) return;
        uint256 amountToken = dice.spread(1, position.margin / _world.scale);
        vm.prank(ACTOR);
        try _world.vault.removeMargin(positionId, amountToken, ACTOR, "") {} catch {}
    }

    function _tryLiquidate(uint256 positionId, address keeper) private {
        try _world.vault.liquidate(positionId, "", keeper) {} catch {}
    }

    function _trySettle(uint256 positionId) private {
        try _world.book.settleAtCap(positionId, "", ACTOR) {} catch {}
    }

    /// @dev A price up to 40% away at which every leg could still pay its loss and the worst exit impact.
    function _gapWithinMargins(Dice memory dice) private view returns (uint256 price) {
        bool up = dice.chance(50);
        uint256 gap = dice.spread(0.001e18, 0.4e18);
        while (gap > 0.0001e18) {
            price = (_price * (up ? 1e18 + gap : 1e18 - gap)) / 1e18;
            if (_allSolvent(price)) return price;
            gap = (gap * 9) / 10;
        }
        return _price;
    }

    function _allSolvent(uint256 price) private view returns (bool) {
        for (uint256 i; i < _legs.length; ++i) {
            Position memory position = _world.vault.position(_legs[i]);
            int256 value = int256(position.size) * int256(price);
            int256 worth = int256(uint256(position.margin)) * 1e18 + value - int256(position.openNotional) * 1e18;
            // The skew lies within the cap on either side, and half the leg comes on top.
            uint256 impact = (Model.abs(value) * 3 * _world.maxOpenInterest) / (2 * _world.skewScale);
            if (worth < int256(impact)) return false;
        }
        return true;
    }
}
