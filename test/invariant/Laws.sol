// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {console} from "hardhat/console.sol";

import {Handler} from "./Handler.sol";
import {Deployment, World} from "./support/Deployment.sol";
import {Ghosts} from "./support/Ghosts.sol";
import {LawChecks, Sums} from "./support/LawChecks.sol";
import {Vm} from "./support/Vm.sol";

/// @title Laws
/// @notice One market, everybody who plays in it, and the laws that must hold after every single call.
abstract contract Laws is Deployment {
    using LawChecks for World;

    /// @dev Steps of one random walk.
    uint256 private constant _WALK = 60;
    /// @dev Steps of the walk whose calls are counted.
    uint256 private constant _SUMMARY_WALK = 2500;

    World internal _world;
    Ghosts internal _ghosts;
    Handler internal _handler;
    bytes4[] private _selectors;

    function setUp() external {
        _world = _deploy(_decimals(), 10_000_000);
        _ghosts = new Ghosts();
        _ghosts.register(FIRST_PROVIDER);
        _handler = new Handler(_world, _ghosts, START + 300, _decimals());
        _selectors = _handler.selectors();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (Vm.FuzzSelector[] memory targets) {
        targets = new Vm.FuzzSelector[](1);
        targets[0] = Vm.FuzzSelector(address(_handler), _selectors);
    }

    /// @notice Every law at once; external, so that the memory it takes is given back.
    function requireAllLaws() external view {
        World memory world = _world;
        Sums memory total = world.sums(_ghosts);
        world.tokens(_ghosts, total);
        world.flows(_ghosts, total);
        world.aggregates(total);
        uint256 time = _handler.time();
        world.assets(time);
        world.boxes(_ghosts);
        world.zeroSum(time);
        world.twin(_ghosts, time);
        for (uint256 law; law < 17; ++law) _noBreach(law);
    }

    /* LAWS */

    function invariant_LAW_1_marginVaultHoldsMarginsEscrowsAndClaims() external view {
        _world.tokens(_ghosts, _world.sums(_ghosts));
    }

    function invariant_LAW_2_liquidityVaultHoldsReservesDepositsAndClaims() external view {
        _world.tokens(_ghosts, _world.sums(_ghosts));
        _noBreach(2);
    }

    function invariant_LAW_3_tokensInEqualTokensOutAndHeld() external view {
        _world.flows(_ghosts, _world.sums(_ghosts));
        _noBreach(3);
    }

    function invariant_LAW_4_aggregatesEqualTheSumOverPositions() external view {
        _world.aggregates(_world.sums(_ghosts));
        _world.assets(_handler.time());
        _noBreach(4);
    }

    function invariant_LAW_5_noActionOnOnePositionChangesAnother() external view {
        _noBreach(5);
    }

    function invariant_LAW_6_onlyUnhealthyPositionsAreLiquidatedAndOnlyToTheirTarget() external view {
        _noBreach(6);
    }

    function invariant_LAW_7_noBoxPaysMoreThanItHeld() external view {
        _world.boxes(_ghosts);
        _noBreach(7);
    }

    function invariant_LAW_8_fundingAndBorrowFeesAreZeroSum() external view {
        _world.zeroSum(_handler.time());
        _noBreach(8);
    }

    function invariant_LAW_9_accrualIsPokeIndependent() external view {
        _world.twin(_ghosts, _handler.time());
        _noBreach(9);
    }

    function invariant_LAW_11_fulfilmentLeavesTheOthersSharesAlone() external view {
        _noBreach(11);
    }

    function invariant_LAW_14_theKeeperIsPaidAtLeastTheFloor() external view {
        _noBreach(14);
    }

    function invariant_LAW_15_everyOrdersEscrowComesBackToTheWei() external view {
        _noBreach(15);
    }

    function invariant_LAW_16_theSpotClockNeverGoesBack() external view {
        require(_world.vault.market().clock == _ghosts.clock(), "LAW-16: the clock moved between calls");
        _noBreach(16);
    }

    function invariant_everyRefusalHasAName() external view {
        _noBreach(0);
    }

    /* WALKS */

    /// @notice All laws on one walk; then everything is wound down (LAW-12, LAW-15).
    function testFuzz_LAW_15_everythingCanBeWoundDown(uint256 seed) external {
        for (uint256 i; i < _WALK; ++i) _step(seed, i);
        this.requireAllLaws();
        _handler.windDown();
        this.requireAllLaws();
        _noBreach(12);
        require(_world.vault.market().totalMargin == 0 && _world.pool.reserved() == 0, "something stayed open");
    }

    /// @notice One long walk that reaches every function, succeeds in each often, and prints how often.
    function test_everyFunctionIsReached() external {
        for (uint256 i; i < _SUMMARY_WALK; ++i) {
            _step(uint256(_decimals()), i);
            if (i % 50 == 0) this.requireAllLaws();
        }
        this.requireAllLaws();
        string[] memory actions = _ghosts.actions();
        console.log("calls that succeeded / calls made, %d decimals", _decimals());
        for (uint256 i; i < actions.length; ++i) {
            Ghosts.Count memory count = _ghosts.countOf(actions[i]);
            console.log("  %s: %d / %d", actions[i], count.done, count.tried);
        }
        for (uint256 i; i < actions.length; ++i) {
            require(_ghosts.countOf(actions[i]).done != 0, string.concat("never succeeded: ", actions[i]));
        }
    }

    function _step(uint256 seed, uint256 index) private {
        uint256 roll = uint256(keccak256(abi.encode(seed, index)));
        (bool success, bytes memory reason) = address(_handler).call(
            abi.encodePacked(_selectors[roll % _selectors.length], roll)
        );
        if (!success) {
            console.log("step", index);
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    function _noBreach(uint256 law) private view {
        LawChecks.noBreach(_ghosts, law);
    }

    function _decimals() internal pure virtual returns (uint8);
}
