// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {World} from "./support/Deployment.sol";
import {LawChecks} from "./support/LawChecks.sol";
import {Life} from "./support/Life.sol";
import {Vm} from "./support/Vm.sol";

/// @title Laws
/// @notice One market, everybody who plays in it, and the laws that must hold after every single call.
abstract contract Laws is Life {
    using LawChecks for World;

    /// @dev Steps of one random walk.
    uint256 private constant _WALK = 60;
    function setUp() external {
        _begin(_decimals(), 10_000_000, _decimals(), false);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (Vm.FuzzSelector[] memory targets) {
        targets = new Vm.FuzzSelector[](1);
        targets[0] = Vm.FuzzSelector(address(_handler), _selectors);
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
        _world.assets(_world.sums(_ghosts), _handler.time());
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
        _world.zeroSum(_world.sums(_ghosts), _handler.time());
        _noBreach(8);
    }

    function invariant_LAW_9_accrualIsPokeIndependent() external view {
        _world.twin(_ghosts, _handler.time());
        _noBreach(9);
    }

    function invariant_LAW_11_fulfilmentLeavesTheOthersSharesAlone() external view {
        _noBreach(11);
    }

    function invariant_LAW_12_exitsStayOpen() external view {
        _noBreach(12);
    }

    function invariant_LAW_13_powersLeaveOpenPositionsAlone() external view {
        _noBreach(13);
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
        for (uint256 i; i < _WALK; ++i) _step(i, uint256(keccak256(abi.encode(seed, i))));
        _end();
    }

    function _decimals() internal pure virtual returns (uint8);
}
