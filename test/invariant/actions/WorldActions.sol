// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Dice, Random} from "../support/Random.sol";
import {HandlerBase} from "./HandlerBase.sol";

/// @title WorldActions
/// @notice What happens to everybody: time, prices, outages, tokens that refuse.
abstract contract WorldActions is HandlerBase {
    using Random for Dice;

    /// @notice Seconds mostly, an hour or two at times, two days at most.
    function passTime(uint256 seed) external {
        Dice memory dice = _dice(seed);
        uint256 choice = dice.below(10);
        if (choice < 7) _advance(dice.between(1, 90));
        else _advance(choice < 9 ? dice.between(1 hours, 2 hours) : dice.spread(60, 2 days));
        _count("passTime");
    }

    /// @notice Mostly a tick, at times a gap, in one case of ten any factor from 0.01 to 100 at once.
    function movePrice(uint256 seed) external {
        Dice memory dice = _dice(seed);
        uint256 choice = dice.below(10);
        uint256 factor = dice.between(0.98e18, 1.02e18);
        if (choice >= 6) factor = dice.between(0.7e18, 1.4e18);
        if (choice == 9) factor = dice.chance(50) ? dice.spread(0.01e18, 1e18) : dice.spread(1e18, 100e18);
        _advance(dice.between(0, 20));
        _pushPrice((_priceNow() * factor) / 1e18);
        _count("movePrice");
    }

    /// @notice One of the things that go wrong with chains, feeds and tokens.
    function disturb(uint256 seed) external {
        Dice memory dice = _dice(seed);
        uint256 choice = dice.below(8);
        if (choice == 0) _breakOracle(dice);
        else if (choice == 1) _restartSequencer(dice);
        else if (choice == 2) _toggleAbsence(dice);
        else _refuseReceiver(dice);
    }

    /// @dev Every price refused for up to ten minutes.
    function _breakOracle(Dice memory dice) private {
        _oracle.breakUntil(uint64(_time + dice.spread(1, 600)));
        _count("disturb: oracle");
    }

    /// @dev The sequencer came back: just now, an hour ago, long ago; or there is none.
    function _restartSequencer(Dice memory dice) private {
        uint256[4] memory ages = [uint256(0), 3590, 3650, 2 days];
        _oracle.restart(dice.chance(60) ? 0 : uint64(_time - ages[dice.below(4)]));
        _count("disturb: sequencer");
    }

    /// @dev Whether a proof of absence convinces.
    function _toggleAbsence(Dice memory dice) private {
        _oracle.setAbsent(dice.chance(50));
        _count("disturb: absence");
    }

    /// @dev The token refuses one receiver for a while: any account, at times one of the two vaults.
    function _refuseReceiver(Dice memory dice) private {
        address[] memory accounts = _ghosts.accounts();
        address account = accounts[dice.below(accounts.length)];
        if (dice.chance(25)) account = dice.chance(50) ? address(_vault) : address(_pool);
        _token.refuse(account, _time + dice.spread(1, 900));
        _count("disturb: token");
    }
}
