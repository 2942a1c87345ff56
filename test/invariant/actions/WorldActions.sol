// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Outage} from "../doubles/RoundOracle.sol";
import {Dice, Random} from "../support/Random.sol";
import {HandlerBase} from "./HandlerBase.sol";

/// @title WorldActions
/// @notice What happens to everybody: time, prices, outages, tokens that refuse.
abstract contract WorldActions is HandlerBase {
    using Random for Dice;

    /// @notice Seconds mostly, an hour or two at times, up to two days now and then, weeks once in a long while.
    function passTime(uint256 seed) external {
        Dice memory dice = _dice(seed);
        uint256 choice = dice.below(40);
        if (choice < 28) _advance(dice.between(1, 90));
        else if (choice < 36) _advance(dice.between(1 hours, 2 hours));
        else _advance(choice == 39 ? dice.between(1 days, 21 days) : dice.spread(60, 2 days));
        _count("time passed");
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
        _count("price moved");
    }

    /// @notice One of the things that go wrong with chains, feeds and tokens.
    function disturb(uint256 seed) external {
        Dice memory dice = _dice(seed);
        uint256 choice = dice.below(12);
        if (choice == 0) _breakOracle(dice);
        else if (choice == 1) _restartSequencer(dice);
        else if (choice == 2) _toggleAbsence(dice);
        else if (choice == 3) _toggleQuality(dice);
        else if (choice == 4) _stopSender(dice);
        else _refuseReceiver(dice);
    }

    /// @dev Every price refused for up to ten minutes.
    function _breakOracle(Dice memory dice) private {
        _oracle.breakUntil(uint64(_time + dice.spread(1, 600)), Outage(dice.below(3)));
        _count("world: oracle out");
    }

    /// @dev For an hour at most prices go stale, or serve for closing alone.
    function _toggleQuality(Dice memory dice) private {
        uint64 until = uint64(_time + dice.spread(60, 1 hours));
        if (dice.chance(50)) _oracle.limitAge(uint64(dice.between(1, 120)), until);
        else _oracle.limitToClosing(until);
        _count("world: stale or closing only");
    }

    /// @dev The token blocks a sender, or stops altogether, for a while.
    function _stopSender(Dice memory dice) private {
        address[] memory accounts = _ghosts.accounts();
        if (dice.chance(30)) _token.pause(_time + dice.spread(1, 600));
        else _token.blockSender(accounts[dice.below(accounts.length)], _time + dice.spread(1, 900));
        _count("world: token stopped");
    }

    /// @dev The sequencer came back: just now, an hour ago, long ago; or there is none.
    function _restartSequencer(Dice memory dice) private {
        uint256[4] memory ages = [uint256(0), 3590, 3650, 2 days];
        _oracle.restart(dice.chance(60) ? 0 : uint64(_time - ages[dice.below(4)]));
        _count("world: sequencer back");
    }

    /// @dev Whether a proof of absence convinces.
    function _toggleAbsence(Dice memory dice) private {
        _oracle.setAbsent(dice.chance(50));
        _count("world: proof of absence");
    }

    /// @dev The token refuses one receiver for a while: any account, at times one of the two vaults.
    function _refuseReceiver(Dice memory dice) private {
        address[] memory accounts = _ghosts.accounts();
        address account = accounts[dice.below(accounts.length)];
        if (dice.chance(30)) account = dice.chance(50) ? address(_vault) : address(_pool);
        else if (dice.chance(50)) account = _whoIsPaidNext(dice);
        _token.refuse(account, _time + dice.spread(1, 900));
        _count("world: receiver refused");
    }

    /// @dev A keeper, or the owner of an open position.
    function _whoIsPaidNext(Dice memory dice) private returns (address) {
        if (_openIds.length == 0 || dice.chance(30)) return _pickKeeper(dice);
        return _vault.position(_openIds[dice.below(_openIds.length)]).owner;
    }
}
