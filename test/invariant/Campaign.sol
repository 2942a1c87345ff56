// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {console} from "hardhat/console.sol";

import {Functions} from "./support/Functions.sol";
import {Tally} from "./support/Ghosts.sol";
import {Life} from "./support/Life.sol";
import {Tallies} from "./support/Tallies.sol";
import {vm} from "./support/Vm.sol";

/// @title Campaign
/// @notice Many markets, one after the other, each played from its first day to its end by one handler that is everybody.
/// A market depends on its number and the seed alone, so that one that breaks a law is replayed alone.
abstract contract Campaign is Life {
    using Tallies for Tally[];

    /// @dev Actions in the life of one market.
    uint256 private constant _STEPS = 300;
    /// @dev Markets of a campaign that is short enough for every build.
    uint256 private constant _FEW = 12;
    uint256 private constant _ALL = type(uint256).max;

    function test_LAWS_everyFunctionIsPlayedAndNoLawIsBroken() external {
        uint256 seed = vm.envOr("BULKHEAD_CAMPAIGN_SEED", uint256(1));
        uint256 asked = vm.envOr("BULKHEAD_CAMPAIGN_LIVES", uint256(0));
        uint256 lives = asked == 0 ? _FEW : asked;
        uint256 only = vm.envOr("BULKHEAD_CAMPAIGN_LIFE", _ALL);
        Tally[] memory all;
        for (uint256 life = only == _ALL ? 0 : only; life < (only == _ALL ? lives : only + 1); ++life) {
            uint256 snapshotId = vm.snapshotState();
            try this.live(seed, life) returns (Tally[] memory more) {
                all = all.merge(more);
            } catch (bytes memory reason) {
                console.log("life %d of campaign %d, %d decimals", life, seed, _decimals());
                assembly ("memory-safe") {
                    revert(add(reason, 32), mload(reason))
                }
            }
            vm.revertToState(snapshotId);
        }
        console.log("campaign %d, %d decimals", seed, _decimals());
        all.print();
        // A chunk of a long campaign may leave one out; their sum is looked at when it ends.
        if (only == _ALL && asked == 0) _requireAllReached(all);
    }

    /// @notice One market; external, so that it can be undone and its memory is given back.
    function live(uint256 seed, uint256 life) external returns (Tally[] memory) {
        uint256 salt = uint256(keccak256(abi.encode(seed, life, _decimals())));
        uint256 every = vm.envOr("BULKHEAD_CAMPAIGN_CHECK_EVERY", uint256(10));
        bool told = vm.envOr("BULKHEAD_CAMPAIGN_TELL", uint256(0)) != 0;
        // Every other pool is too small for what is asked of it; every fourth market ends with a dead oracle.
        _begin(_decimals(), life % 2 == 0 ? 10_000_000 : 700_000, salt, life % 4 == 3);
        for (uint256 i; i < _STEPS; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(salt, i)));
            if (told) console.log(i, uint32(_selectors[roll % _selectors.length]));
            _step(i, roll);
            if (i % every == 0) this.requireAllLaws();
        }
        _end();
        return _ghosts.tallies();
    }

    /// @dev So that no law holds for want of calls.
    function _requireAllReached(Tally[] memory all) private pure {
        string[56] memory open = Functions.open();
        for (uint256 i; i < open.length; ++i) {
            // A market is settled once, and only every fourth.
            uint256 least = keccak256(bytes(open[i])) == keccak256("MarketCharter.settle") ? 1 : 2;
            require(all.find(open[i]).done >= least, string.concat("hardly ever succeeded: ", open[i]));
        }
        string[21] memory guarded = Functions.guarded();
        for (uint256 i; i < guarded.length; ++i) {
            Tally memory tally = all.find(guarded[i]);
            require(tally.tried >= 2, string.concat("hardly ever tried: ", guarded[i]));
            require(tally.done == 0, string.concat("let somebody in: ", guarded[i]));
        }
    }

    function _decimals() internal pure virtual returns (uint8);
}
