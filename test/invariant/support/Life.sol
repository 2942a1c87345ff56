// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {console} from "hardhat/console.sol";

import {Handler} from "../Handler.sol";
import {Deployment, World} from "./Deployment.sol";
import {Ghosts} from "./Ghosts.sol";
import {LawChecks, Sums} from "./LawChecks.sol";

/// @title Life
/// @notice One market from its first day, everybody who plays in it, and the laws it is held to.
abstract contract Life is Deployment {
    using LawChecks for World;

    World internal _world;
    Ghosts internal _ghosts;
    Handler internal _handler;
    bytes4[] internal _selectors;

    /// @notice Every law at once; external, so that the memory it takes is given back.
    function requireAllLaws() external view {
        World memory world = _world;
        Sums memory total = world.sums(_ghosts);
        world.tokens(_ghosts, total);
        world.flows(_ghosts, total);
        world.aggregates(total);
        uint256 time = _handler.time();
        world.assets(total, time);
        world.boxes(_ghosts);
        world.zeroSum(total, time);
        world.twin(_ghosts, time);
        require(world.vault.market().clock == _ghosts.clock(), "LAW-16: the clock moved between calls");
        for (uint256 law; law < 17; ++law) _noBreach(law);
    }

    function _begin(uint8 decimals, uint256 poolToken, uint256 salt, bool mortal) internal {
        _world = _deploy(decimals, poolToken);
        _ghosts = new Ghosts();
        _ghosts.register(FIRST_PROVIDER);
        _ghosts.registerProvider(FIRST_PROVIDER);
        _handler = new Handler(_world, _ghosts, START + 300, salt, mortal);
        _selectors = _handler.selectors();
    }

    /// @dev One action of the handler, chosen by `roll`.
    function _step(uint256 index, uint256 roll) internal {
        _perform(index, abi.encodePacked(_selectors[roll % _selectors.length], roll));
    }

    /// @dev Everything ends, and everybody is paid (LAW-12, LAW-15).
    function _end() internal {
        this.requireAllLaws();
        _perform(type(uint256).max, abi.encodeCall(_handler.windDown, ()));
        this.requireAllLaws();
        require(_world.vault.market().totalMargin == 0 && _world.pool.reserved() == 0, "something stayed open");
    }

    function _noBreach(uint256 law) internal view {
        LawChecks.noBreach(_ghosts, law);
    }

    function _perform(uint256 index, bytes memory call_) private {
        (bool success, bytes memory reason) = address(_handler).call(call_);
        if (!success) {
            console.log("the handler failed at step %d", index);
            console.logBytes4(bytes4(call_));
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
        if (_ghosts.broken()) {
            console.log("a law was broken at step %d", index);
            console.logBytes4(bytes4(call_));
            for (uint256 law; law < 17; ++law) _noBreach(law);
        }
    }
}
