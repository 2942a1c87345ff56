// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Market} from "../../contracts/types/Market.sol";
import {Play} from "./support/Play.sol";
import {Dice, Random} from "./support/Random.sol";
import {vm} from "./support/Vm.sol";

/// @title Accrual
/// @notice LAW-9: the same month with and without pokes, to the wei.
abstract contract Accrual is Play {
    using Random for Dice;

    function testFuzz_LAW_9_pokesChangeNoIndexAndNoPayout(uint256 seed) external {
        Dice memory dice = Random.dice(seed, _decimals());
        _skewByOthers(dice);
        uint256 legs = dice.between(1, 4);
        for (uint256 i; i < legs; ++i) _openLeg(dice);
        // Nothing is due afterwards: handing dues over changes the pool's cash, and rates with it, as it should.
        _world.vault.sweepDues();
        uint256 month = dice.between(10, 30 days);
        uint256 pokes = dice.between(1, 8);

        uint256 snapshotId = vm.snapshotState();
        _pass(month);
        (Market memory left, uint256 leftWealth) = _finish();
        vm.revertToState(snapshotId);

        uint256 ends = _time + month;
        for (uint256 i; i < pokes; ++i) {
            _pass(dice.below((ends - _time) / 2 + 1));
            _poke(dice);
        }
        _pass(ends - _time);
        (Market memory right, uint256 rightWealth) = _finish();

        // Logs are numbered; a poke may have written one.
        right.sequence = left.sequence;
        require(keccak256(abi.encode(left)) == keccak256(abi.encode(right)), "LAW-9: pokes moved the market");
        require(leftWealth == rightWealth, "LAW-9: pokes moved a payout");
    }

    function _poke(Dice memory dice) private {
        uint256 choice = dice.below(3);
        if (choice == 0) _world.vault.accrue();
        else if (choice == 1) _world.vault.sweepDues();
        else _world.token.mint(address(_world.vault), 1e6);
    }

    function _finish() private returns (Market memory market, uint256 wealth) {
        _world.vault.accrue();
        for (uint256 i; i < _legs.length; ++i) {
            if (_sizeOf(_legs[i]) != 0) _close(ACTOR, _legs[i], _sizeOf(_legs[i]));
        }
        return (_world.vault.market(), _wealthOf(ACTOR));
    }
}
